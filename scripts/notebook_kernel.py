"""Runs cells in a Jupyter kernel: python3 notebook_kernel.py STEPS OUTPUTS

STEPS is a file with a JSON list. A step is {"code": "..."}, with "interrupt": true if it is interrupted after its
first output, or {"restart": true}. OUTPUTS gets a JSON list with the outputs of each step, in the format of notebooks.

nbconvert does not work with Deno's kernel, which reports that it is idle before it has sent the last outputs of a cell:
nbconvert drops later outputs.
"""
import json
import queue
import sys
import time

from jupyter_client.manager import start_new_kernel

KERNEL = "deno"
LONGEST_CELL = 30  # seconds
QUIET = 0.2  # seconds without an output, after which the cell has ended


def run(manager, client, step):
    if step.get("restart"):
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=LONGEST_CELL)
        return []
    cell = client.execute(step["code"])
    outputs = []
    is_idle = False
    end = time.monotonic() + LONGEST_CELL
    while True:
        try:
            message = client.get_iopub_msg(timeout=QUIET)
        except queue.Empty:
            if is_idle or not manager.is_alive():
                return outputs
            if time.monotonic() > end:
                raise TimeoutError(f"A cell took longer than {LONGEST_CELL} s:\n{step['code']}")
            continue
        if message["parent_header"].get("msg_id") != cell:
            continue
        kind, content = message["msg_type"], message["content"]
        is_idle = is_idle or (kind == "status" and content["execution_state"] == "idle")
        add(outputs, kind, content)
        if step.get("interrupt") and any(output.get("name") == "stdout" for output in outputs):
            manager.interrupt_kernel()
            step["interrupt"] = False


def add(outputs, kind, content):
    if kind == "stream":
        last = outputs[-1] if outputs else {}
        if last.get("name") == content["name"]:
            last["text"] += content["text"]
        else:
            outputs.append({"name": content["name"], "output_type": kind, "text": content["text"]})
    elif kind == "error":
        outputs.append({"output_type": kind, **{name: content[name] for name in ("ename", "evalue", "traceback")}})
    elif kind in ("display_data", "execute_result"):
        count = {"execution_count": content["execution_count"]} if kind == "execute_result" else {}
        outputs.append({"data": content["data"], **count, "metadata": content["metadata"], "output_type": kind})


def main(steps_file, outputs_file):
    with open(steps_file, encoding="utf-8") as file:
        steps = json.load(file)
    manager, client = start_new_kernel(kernel_name=KERNEL)
    try:
        outputs = [run(manager, client, step) for step in steps]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    with open(outputs_file, "w", encoding="utf-8") as file:
        json.dump(outputs, file)


main(*sys.argv[1:])
