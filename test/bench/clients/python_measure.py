"""One fan-out of a Python client: a job as argument, its measurement as one line of JSON, as child.ts has them."""

import asyncio
import json
import resource
import sys
import time


class Gate:
    def __init__(self, length):
        self.length = length
        self.completed = 0

    def complete(self, text):
        if len(text) != self.length:
            raise ValueError(f"expected {self.length} characters, got {len(text)}")
        self.completed += 1


def peak_bytes():
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(fan_out):
    """`fan_out(url, requests, connections, gate)` takes every text, in the order in which they come."""
    job = json.loads(sys.argv[1])
    gate = Gate(job["length"])
    try:
        started, cpu = time.perf_counter(), time.process_time()
        asyncio.run(fan_out(job["url"], job["requests"], job["concurrency"], gate))
        measurement = {
            "seconds": time.perf_counter() - started,
            "cpuSeconds": time.process_time() - cpu,
            "amount": gate.completed,
            "peakBytes": peak_bytes(),
        }
        if gate.completed != job["requests"]:
            raise ValueError(f"{gate.completed} responses to {job['requests']} requests")
        answer = {"ok": True, "measurement": measurement}
    except Exception as error:
        answer = {"ok": False, "error": repr(error)}
    print(json.dumps(answer))
