// Generated from wit/ by tools/scripts/generate-contract-table.ts.
import type { ContractTable } from '../value-type.ts';

/** All functions of the contract with plugins. */
export const contractFunctions: ContractTable = {
  "sallyport:plugin/log@0.1.0": {
    "write": {"params":[["level",{"enum":["debug","info","warn","error"]}],["message","string"]],"result":null},
  },
  "sallyport:plugin/context@0.1.0": {
    "get": {"params":[["key","string"]],"result":{"option":"string"}},
    "set": {"params":[["key","string"],["value","string"]],"result":null},
    "get-shared": {"params":[["key","string"]],"result":{"option":"string"}},
    "set-shared": {"params":[["key","string"],["value","string"]],"result":null},
  },
  "sallyport:plugin/clock@0.1.0": {
    "now-ms": {"params":[],"result":"u64"},
    "monotonic-ns": {"params":[],"result":"u64"},
  },
  "sallyport:plugin/random@0.1.0": {
    "bytes": {"params":[["length","u32"]],"result":{"list":"u8"}},
  },
  "sallyport:plugin/outbound-http@0.1.0": {
    "send": {"params":[["request",{"record":[["method","string"],["url","string"],["headers",{"list":{"tuple":["string","string"]}}],["body",{"option":{"list":"u8"}}]]}]],"result":{"result":[{"record":[["status","u16"],["headers",{"list":{"tuple":["string","string"]}}],["body",{"list":"u8"}]]},{"variant":[["denied","string"],["timeout",null],["too-large",null],["failed","string"]]}]}},
  },
  "sallyport:plugin/kv-store@0.1.0": {
    "get": {"params":[["key","string"]],"result":{"result":[{"option":{"list":"u8"}},{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
    "set": {"params":[["key","string"],["value",{"list":"u8"}],["ttl-ms",{"option":"u64"}]],"result":{"result":[null,{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
    "delete": {"params":[["key","string"]],"result":{"result":["bool",{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
    "list": {"params":[["prefix","string"],["after",{"option":"string"}],["limit","u32"]],"result":{"result":[{"list":"string"},{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
    "compare-and-set": {"params":[["key","string"],["expected",{"option":{"list":"u8"}}],["value",{"list":"u8"}],["ttl-ms",{"option":"u64"}]],"result":{"result":["bool",{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
    "increment": {"params":[["key","string"],["by","s64"],["ttl-ms",{"option":"u64"}]],"result":{"result":["s64",{"variant":[["denied","string"],["quota","string"],["invalid","string"],["failed","string"]]}]}},
  },
  "sallyport:plugin/secret-store@0.1.0": {
    "get": {"params":[["name","string"]],"result":{"result":["string",{"variant":[["denied","string"],["unavailable","string"]]}]}},
    "reference": {"params":[["name","string"]],"result":{"result":["string",{"variant":[["denied","string"],["unavailable","string"]]}]}},
  },
  "sallyport:plugin/metrics@0.1.0": {
    "count": {"params":[["name","string"],["labels",{"list":{"tuple":["string","string"]}}],["by","f64"]],"result":null},
    "gauge": {"params":[["name","string"],["labels",{"list":{"tuple":["string","string"]}}],["value","f64"]],"result":null},
    "observe": {"params":[["name","string"],["labels",{"list":{"tuple":["string","string"]}}],["value","f64"]],"result":null},
  },
  "sallyport:plugin/audit@0.1.0": {
    "write": {"params":[["event","string"],["details","string"]],"result":{"result":[null,"string"]}},
  },
  "sallyport:plugin/tool-call@0.1.0": {
    "call": {"params":[["name","string"],["arguments-json","string"]],"result":{"result":[{"record":[["content",{"list":{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}}],["structured-content",{"option":"string"}],["is-error","bool"]]},{"variant":[["denied","string"],["not-found","string"],["invalid","string"],["blocked",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}],["loop","string"],["too-deep","string"],["limit","string"],["timeout",null],["unavailable","string"],["failed","string"]]}]}},
  },
  "sallyport:plugin/request-headers@0.1.0": {
    "get": {"params":[["name","string"]],"result":{"option":"string"}},
  },
  "sallyport:plugin/identity-claims@0.1.0": {
    "get": {"params":[["name","string"]],"result":{"option":"string"}},
  },
  "sallyport:plugin/upstream-headers@0.1.0": {
    "set": {"params":[["name","string"],["value","string"]],"result":{"result":[null,{"variant":[["denied","string"],["invalid","string"],["unavailable","string"]]}]}},
  },
  "sallyport:plugin/lifecycle@0.1.0": {
    "configure": {"params":[["config-json","string"]],"result":{"result":[null,"string"]}},
  },
  "sallyport:plugin/dispatch-hooks@0.1.0": {
    "before-dispatch": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["deadline-ms","u32"]]}],["request",{"variant":[["tool-call",{"record":[["name","string"],["arguments","string"]]}],["prompt-get",{"record":[["name","string"],["arguments","string"]]}],["resource-read",{"record":[["uri","string"]]}]]}]],"result":{"result":[{"variant":[["proceed",null],["modified",{"variant":[["tool-call",{"record":[["name","string"],["arguments","string"]]}],["prompt-get",{"record":[["name","string"],["arguments","string"]]}],["resource-read",{"record":[["uri","string"]]}]]}],["respond",{"variant":[["tool-result",{"record":[["content",{"list":{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}}],["structured-content",{"option":"string"}],["is-error","bool"]]}],["prompt-result",{"record":[["description",{"option":"string"}],["messages",{"list":{"record":[["role","string"],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["resource-result",{"record":[["contents",{"list":{"record":[["uri","string"],["mime-type",{"option":"string"}],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["tool-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["input-schema","string"],["output-schema",{"option":"string"}],["annotations",{"option":"string"}]]}}],["prompt-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["arguments",{"list":{"record":[["name","string"],["description",{"option":"string"}],["required","bool"]]}}]]}}],["resource-list",{"list":{"record":[["uri","string"],["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["mime-type",{"option":"string"}]]}}],["input-required","string"]]}],["block",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
    "after-dispatch": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["deadline-ms","u32"]]}],["response",{"variant":[["tool-result",{"record":[["content",{"list":{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}}],["structured-content",{"option":"string"}],["is-error","bool"]]}],["prompt-result",{"record":[["description",{"option":"string"}],["messages",{"list":{"record":[["role","string"],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["resource-result",{"record":[["contents",{"list":{"record":[["uri","string"],["mime-type",{"option":"string"}],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["tool-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["input-schema","string"],["output-schema",{"option":"string"}],["annotations",{"option":"string"}]]}}],["prompt-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["arguments",{"list":{"record":[["name","string"],["description",{"option":"string"}],["required","bool"]]}}]]}}],["resource-list",{"list":{"record":[["uri","string"],["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["mime-type",{"option":"string"}]]}}],["input-required","string"]]}]],"result":{"result":[{"variant":[["proceed",null],["modified",{"variant":[["tool-result",{"record":[["content",{"list":{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}}],["structured-content",{"option":"string"}],["is-error","bool"]]}],["prompt-result",{"record":[["description",{"option":"string"}],["messages",{"list":{"record":[["role","string"],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["resource-result",{"record":[["contents",{"list":{"record":[["uri","string"],["mime-type",{"option":"string"}],["content",{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}]]}}]]}],["tool-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["input-schema","string"],["output-schema",{"option":"string"}],["annotations",{"option":"string"}]]}}],["prompt-list",{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["arguments",{"list":{"record":[["name","string"],["description",{"option":"string"}],["required","bool"]]}}]]}}],["resource-list",{"list":{"record":[["uri","string"],["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["mime-type",{"option":"string"}]]}}],["input-required","string"]]}],["block",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
  },
  "sallyport:plugin/identity-check@0.1.0": {
    "identify": {"params":[["ctx",{"record":[["request-id","string"],["deadline-ms","u32"]]}],["credentials",{"record":[["header","string"],["scheme",{"option":"string"}],["value","string"]]}]],"result":{"result":[{"variant":[["unknown",null],["known",{"record":[["subject","string"],["tenant",{"option":"string"}],["scopes",{"list":"string"}],["claims","string"],["valid-for-s",{"option":"u32"}]]}],["refuse",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
    "pre-check": {"params":[["ctx",{"record":[["request-id","string"],["deadline-ms","u32"]]}],["request",{"record":[["method","string"],["path","string"],["binding","string"],["address","string"],["authorization",{"option":"string"}]]}]],"result":{"result":[{"variant":[["proceed",null],["block",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
    "post-check": {"params":[["ctx",{"record":[["request-id","string"],["deadline-ms","u32"]]}],["caller",{"record":[["request",{"record":[["method","string"],["path","string"],["binding","string"],["address","string"],["authorization",{"option":"string"}]]}],["scheme","string"],["subject",{"option":"string"}],["tenant",{"option":"string"}],["scopes",{"list":"string"}]]}]],"result":{"result":[{"variant":[["proceed",null],["narrow",{"record":[["scopes",{"option":{"list":"string"}}],["tenant",{"option":"string"}]]}],["block",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
  },
  "sallyport:plugin/policy-check@0.1.0": {
    "decide": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["method","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["scopes",{"list":"string"}],["deadline-ms","u32"]]}],["request",{"variant":[["tool-call",{"record":[["name","string"],["arguments","string"]]}],["prompt-get",{"record":[["name","string"],["arguments","string"]]}],["resource-read",{"record":[["uri","string"]]}]]}]],"result":{"result":[{"variant":[["allow",null],["deny",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]},"string"]}},
    "decide-many": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["method","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["scopes",{"list":"string"}],["deadline-ms","u32"]]}],["requests",{"list":{"variant":[["tool-call",{"record":[["name","string"],["arguments","string"]]}],["prompt-get",{"record":[["name","string"],["arguments","string"]]}],["resource-read",{"record":[["uri","string"]]}]]}}]],"result":{"result":[{"list":{"variant":[["allow",null],["deny",{"record":[["code","string"],["reason","string"],["description","string"],["details",{"option":"string"}]]}]]}},"string"]}},
  },
  "sallyport:plugin/tool-provider@0.1.0": {
    "list-tools": {"params":[],"result":{"result":[{"list":{"record":[["name","string"],["title",{"option":"string"}],["description",{"option":"string"}],["input-schema","string"],["output-schema",{"option":"string"}],["annotations",{"option":"string"}]]}},"string"]}},
    "call-tool": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["deadline-ms","u32"]]}],["call",{"record":[["name","string"],["arguments","string"]]}]],"result":{"result":[{"record":[["content",{"list":{"variant":[["text","string"],["blob",{"record":[["mime-type","string"],["data",{"list":"u8"}]]}],["json","string"],["opaque","u32"]]}}],["structured-content",{"option":"string"}],["is-error","bool"]]},"string"]}},
  },
  "sallyport:plugin/event-sink@0.1.0": {
    "accept": {"params":[["events",{"list":"string"}]],"result":{"result":[null,"string"]}},
  },
  "sallyport:plugin/upstream-choice@0.1.0": {
    "route": {"params":[["ctx",{"record":[["request-id","string"],["binding","string"],["upstream","string"],["tenant",{"option":"string"}],["subject",{"option":"string"}],["deadline-ms","u32"]]}],["request",{"variant":[["tool-call",{"record":[["name","string"],["arguments","string"]]}],["prompt-get",{"record":[["name","string"],["arguments","string"]]}],["resource-read",{"record":[["uri","string"]]}]]}],["candidates",{"list":"string"}]],"result":{"result":[{"option":"string"},"string"]}},
  },
};
