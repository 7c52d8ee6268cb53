"""OpenAPI 3 documents of edugate.v1 and of the providers' declared APIs, made of the google.api.http rules."""

import re
from typing import Any, Dict, List, Optional, Tuple

from google.protobuf import descriptor_pb2

from descriptors import Api, Field, HttpRule, http_rule, is_list, is_map

Schema = Dict[str, Any]

_INTEGERS = {Field.TYPE_INT32: "int32", Field.TYPE_UINT32: "int64"}
_LARGE_INTEGERS = {Field.TYPE_INT64: "int64", Field.TYPE_UINT64: "uint64"}

# Google's types have a JSON form of their own.
_WELL_KNOWN = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "description": "Seconds, as in `1.5s`."},
    "google.protobuf.FieldMask": {"type": "string", "description": "Paths with commas between them."},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {"description": "Any JSON value."},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string", "description": "The URL of the message's type."}},
        "additionalProperties": True,
    },
}
_HTTP_BODY = "google.api.HttpBody"


def documents(api: Api) -> Dict[str, Dict[str, Any]]:
    """File name -> document."""
    made = {"edugate.v1.json": _Document(api, "edugate.v1", provider=False).make()}
    for package in api.packages("edugate.provider."):
        made[package + ".json"] = _Document(api, package, provider=True).make()
    return made


class _Document:

    def __init__(self, api: Api, package: str, provider: bool):
        self._api = api
        self._package = package
        # A provider's JSON is what the provider writes: 64-bit numbers are numbers. Those of edugate are protobuf's
        # JSON, where they are text.
        self._provider = provider
        self._schemas: Dict[str, Schema] = {}

    def make(self) -> Dict[str, Any]:
        paths: Dict[str, Dict[str, Any]] = {}
        tags = []
        for file in sorted(self._api.files_of(self._package), key=lambda file: file.name):
            for service in file.services_by_name.values():
                tags.append({"name": service.name, "description": self._api.comment(service)})
                for method in service.methods:
                    rule = http_rule(self._api, method)
                    if rule is not None:
                        path, operation = self._operation(service, method, rule)
                        paths.setdefault(path, {})[rule.verb] = operation
        document = {
            "openapi": "3.0.3",
            "info": {"title": self._title(), "version": self._package.rsplit(".", 1)[1], "description": self._about()},
            "tags": tags,
            "paths": dict(sorted(paths.items())),
            "components": {"schemas": {}},
        }
        if not self._provider:
            self._schema_ref(self._api.pool.FindMessageTypeByName("google.rpc.Status"))
        document["components"]["schemas"] = dict(sorted(self._schemas.items()))
        return document

    def _title(self) -> str:
        if not self._provider:
            return "edugate"
        return self._package.replace("edugate.provider.", "").replace(".", " ") + ", as edugate declares it"

    def _about(self) -> str:
        if not self._provider:
            return (
                "edugate.v1 over HTTP and JSON, as a transcoder in front of edugate offers it (Envoy's "
                "grpc_json_transcoder, grpc-gateway): edugate itself speaks gRPC. A stream is an array."
            )
        return (
            "What edugate calls of this provider's REST API, made of proto/" + self._package.replace(".", "/") + ". "
            "Paths are below the connection's base_url. The provider's own documents decide."
        )

    def _operation(self, service, method, rule: HttpRule) -> Tuple[str, Dict[str, Any]]:
        path, path_parameters = expand(rule.path)
        proto = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(proto)
        operation: Dict[str, Any] = {
            "operationId": f"{service.name}.{method.name}",
            "tags": [service.name],
            "description": self._api.comment(method),
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in path_parameters
            ],
        }
        bound = set(variables(rule.path))
        operation["parameters"] += self._header_parameters(method.input_type)
        if rule.body != "*":
            operation["parameters"] += self._query_parameters(method.input_type, bound | {rule.body}, "", ())
        if not operation["parameters"]:
            del operation["parameters"]
        if rule.body:
            operation["requestBody"] = self._request_body(method.input_type, rule, proto.client_streaming)
        operation["responses"] = {"200": self._response(method.output_type, proto.server_streaming)}
        if not self._provider:
            operation["responses"]["default"] = {
                "description": "The error, with its details.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/google.rpc.Status"}}},
            }
        return path, operation

    def _request_body(self, message, rule: HttpRule, stream: bool) -> Dict[str, Any]:
        if rule.body == "*":
            body = self._message_schema(message)
        else:
            body = self._field_schema(message.fields_by_name[rule.body])
            held = message.fields_by_name[rule.body].message_type
            if held is not None and held.full_name == _HTTP_BODY:
                return {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
        return {"required": True, "content": {"application/json": {"schema": _array(body) if stream else body}}}

    def _response(self, message, stream: bool) -> Dict[str, Any]:
        if message.full_name == _HTTP_BODY:
            return {"description": "The content.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
        schema = self._message_schema(message)
        return {
            "description": self._api.comment(message) or "The answer.",
            "content": {"application/json": {"schema": _array(schema) if stream else schema}},
        }

    def _query_parameters(self, message, left_out, prefix: str, holders) -> List[Dict[str, Any]]:
        parameters = []
        for field in message.fields:
            if prefix + field.name in left_out or self._header(field):
                continue
            name = prefix + field.json_name
            held = field.message_type
            if held is not None and not is_map(field) and held.full_name not in _WELL_KNOWN and not is_list(field):
                if held not in holders:
                    parameters += self._query_parameters(held, left_out, name + ".", holders + (held,))
                continue
            if is_map(field) or (held is not None and is_list(field)):
                continue
            parameters.append(self._parameter(field, name, "query"))
        return parameters

    def _header_parameters(self, message) -> List[Dict[str, Any]]:
        return [self._parameter(field, self._header(field), "header") for field in message.fields if self._header(field)]

    def _header(self, field) -> str:
        return self._api.option(field, "edugate.rest.v1.field").header if self._provider else ""

    def _parameter(self, field, name: str, place: str) -> Dict[str, Any]:
        parameter = {"name": name, "in": place, "schema": self._field_schema(field)}
        if "REQUIRED" in self._api.enum_names(field, "google.api.field_behavior"):
            parameter["required"] = True
        comment = self._api.comment(field)
        if comment:
            parameter["description"] = comment
        return parameter

    def _message_schema(self, message) -> Schema:
        return dict(_WELL_KNOWN.get(message.full_name) or self._schema_ref(message))

    def _schema_ref(self, message) -> Schema:
        name = message.full_name
        if name.startswith(self._package + "."):
            name = name[len(self._package) + 1 :]
        if name not in self._schemas:
            self._schemas[name] = {}  # A message may hold itself.
            self._schemas[name] = self._object(message)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, message) -> Schema:
        properties = {}
        required = []
        for field in message.fields:
            if self._provider and field.name == "unknown_fields" or self._header(field):
                continue
            name = field.json_name
            properties[name] = self._described(field)
            if "REQUIRED" in self._api.enum_names(field, "google.api.field_behavior"):
                required.append(name)
        schema: Schema = {"type": "object"}
        if self._api.comment(message):
            schema["description"] = self._api.comment(message)
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = required
        return schema

    def _described(self, field) -> Schema:
        schema = self._field_schema(field)
        comment = self._api.comment(field)
        if not comment:
            return schema
        # Beside a $ref nothing else counts.
        return {"allOf": [schema], "description": comment} if "$ref" in schema else dict(schema, description=comment)

    def _field_schema(self, field) -> Schema:
        if is_map(field):
            return {"type": "object", "additionalProperties": self._one(field.message_type.fields_by_name["value"])}
        one = self._one(field)
        return _array(one) if is_list(field) else one

    def _one(self, field) -> Schema:
        if self._provider and self._api.option(field, "edugate.rest.v1.field").json_text:
            return {"description": "Any JSON value."}
        if field.message_type is not None:
            return self._message_schema(field.message_type)
        if field.enum_type is not None:
            return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
        if field.type in _INTEGERS:
            return {"type": "integer", "format": _INTEGERS[field.type]}
        if field.type in _LARGE_INTEGERS:
            return {"type": "integer" if self._provider else "string", "format": _LARGE_INTEGERS[field.type]}
        if field.type == Field.TYPE_BOOL:
            return {"type": "boolean"}
        if field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
            return {"type": "number", "format": "double" if field.type == Field.TYPE_DOUBLE else "float"}
        if field.type == Field.TYPE_BYTES:
            return {"type": "string", "format": "byte"}
        return {"type": "string"}


def _array(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def variables(template: str) -> List[str]:
    """The fields of the request that a path template binds."""
    return re.findall(r"\{([A-Za-z_.]+)", template)


def expand(template: str) -> Tuple[str, List[str]]:
    """A path template's path and its parameters: `/v1/{name=connections/*}` is `/v1/connections/{connection}`."""
    names: List[str] = []

    def name_of(word: str) -> str:
        name, number = word, 2
        while name in names:
            name, number = f"{word}{number}", number + 1
        names.append(name)
        return "{" + name + "}"

    def put(found) -> str:
        variable, pattern = found.group(1), found.group(2)
        if pattern is None or "/" not in pattern:
            return name_of(variable)
        words, previous = [], variable
        for segment in pattern.split("/"):
            if segment in ("*", "**"):
                words.append(name_of(_singular(previous)))
            else:
                words.append(segment)
                previous = segment
        return "/".join(words)

    return re.sub(r"\{([A-Za-z_.]+)(?:=([^}]*))?\}", put, template), names


def _singular(collection: str) -> str:
    if collection.endswith("ies"):
        return collection[:-3] + "y"
    return collection[:-1] if collection.endswith("s") else collection


def mistakes(document: Dict[str, Any], schema: Optional[Dict[str, Any]]) -> List[str]:
    """What is wrong with a document: by OpenAPI's own JSON schema, where it is given, and by what that can't say."""
    found = []
    if schema is not None:
        import jsonschema

        validator = jsonschema.Draft4Validator(schema)
        found += [f"{'/'.join(map(str, each.path))}: {each.message[:200]}" for each in validator.iter_errors(document)]
    schemas = document["components"]["schemas"]
    for reference in _references(document):
        if reference.replace("#/components/schemas/", "", 1) not in schemas:
            found.append(f"{reference} is not there")
    seen = set()
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            where = f"{verb} {path}"
            if operation["operationId"] in seen:
                found.append(f"{where}: {operation['operationId']} is there twice")
            seen.add(operation["operationId"])
            declared = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
            if sorted(declared) != sorted(re.findall(r"\{([^}]+)\}", path)):
                found.append(f"{where}: its parameters are not those of the path")
    return found


def _references(value: Any):
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "$ref":
                yield each
            else:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
