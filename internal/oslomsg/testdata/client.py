"""A client of oslo.messaging: client.py URL EXCHANGE TOPIC HOST. It prints, as
lines of JSON, what its calls have come to."""
import json
import os
import sys

import oslo_messaging
from oslo_config import cfg

url, exchange, topic, host = sys.argv[1:]
conf = cfg.CONF
conf([])
transport = oslo_messaging.get_rpc_transport(conf, url=url)
client = oslo_messaging.get_rpc_client(
    transport, oslo_messaging.Target(exchange=exchange, topic=topic, version="1.0"))
ctxt = {"is_admin": True, "request_id": "req-1"}


def tell(what, fn):
    try:
        print(json.dumps([what, fn()]), flush=True)
    except Exception as e:
        print(json.dumps([what, type(e).__name__, str(e).split("\n")[0]]), flush=True)


tell("call", lambda: client.call(ctxt, "echo", text="\N{SNOWMAN} <&>", n=None))
tell("call host", lambda: client.prepare(server=host, namespace="n", version="1.1").call(ctxt, "request"))
tell("builtin", lambda: client.call(ctxt, "plain"))
tell("named", lambda: client.call(ctxt, "named"))
tell("unknown", lambda: client.call(ctxt, "absent"))
tell("timeout", lambda: client.prepare(timeout=1).call(ctxt, "wait", seconds=30))
tell("monitored", lambda: client.prepare(timeout=30, call_monitor_timeout=1).call(ctxt, "wait", seconds=2))
tell("cast", lambda: client.cast(ctxt, "note", text="cast"))
tell("cast host", lambda: client.prepare(server=host).cast(ctxt, "note", text="cast host"))
tell("fanout", lambda: client.prepare(fanout=True).cast(ctxt, "note", text="fanout"))
os._exit(0)  # an orderly end takes seconds
