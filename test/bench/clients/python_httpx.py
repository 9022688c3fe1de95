"""HTTPX under `asyncio.as_completed`, with as many connections as the other clients."""

import asyncio

import httpx
from python_measure import main


async def fan_out(url, requests, connections, gate):
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    # its timeout for the pool would end most of so many
    async with httpx.AsyncClient(limits=limits, timeout=None, trust_env=False) as client:
        for answer in asyncio.as_completed([client.get(url) for _ in range(requests)]):
            response = await answer
            gate.complete(response.text)


main(fan_out)
