import { enableCachy } from "@cachy/core";

enableCachy();
