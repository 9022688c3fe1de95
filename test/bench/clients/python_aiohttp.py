"""aiohttp under `asyncio.as_completed`, with as many connections as the other clients."""

import asyncio

import aiohttp
from python_measure import main


async def fan_out(url, requests, connections, gate):
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def get():
            async with session.get(url) as response:
                return await response.text()

        for answer in asyncio.as_completed([get() for _ in range(requests)]):
            gate.complete(await answer)


main(fan_out)
