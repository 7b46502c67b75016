# task: {"parameters": {"a": 2}}
import asyncio


async def handler(context, a):
    await asyncio.sleep(0)
    context.log_result("a", a)
    return a + 1
