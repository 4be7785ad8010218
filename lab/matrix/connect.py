"""Tries to connect to many addresses at once; prints what answered, as JSON. Given: seconds, and [[address, ports], ...]."""

import asyncio
import json
import socket
import sys

# Each takes a file, of which a login has 1024.
AT_A_TIME = 500


async def outcome(address, port, seconds, slots):
    async with slots:
        with socket.socket() as client:
            client.setblocking(False)
            try:
                await asyncio.wait_for(asyncio.get_running_loop().sock_connect(client, (address, port)), seconds)
            except ConnectionRefusedError:
                return "refused"
            # Nobody answered, or a router said that nobody can.
            except (TimeoutError, asyncio.TimeoutError, OSError):
                return None
            return "open"


async def main(seconds, asked):
    slots = asyncio.Semaphore(AT_A_TIME)
    pairs = [(address, port) for address, ports in asked for port in ports]
    found = await asyncio.gather(*(outcome(address, port, seconds, slots) for address, port in pairs))
    return {f"{address}:{port}": one for (address, port), one in zip(pairs, found) if one}


print(json.dumps(asyncio.run(main(float(sys.argv[1]), json.loads(sys.argv[2])))))
