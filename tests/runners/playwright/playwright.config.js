import "@cachy/core/auto";

export default {};
