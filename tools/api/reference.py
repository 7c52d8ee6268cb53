"""The reference of edugate.v1 in Markdown: a page for each proto file."""

import os
from typing import Dict, List

from google.protobuf import descriptor_pb2

from descriptors import Api, Field, enums_of, http_rule, is_list, is_map, messages_of

PACKAGE = "edugate.v1"

_SCALARS = {
    Field.TYPE_DOUBLE: "double",
    Field.TYPE_FLOAT: "float",
    Field.TYPE_INT64: "int64",
    Field.TYPE_UINT64: "uint64",
    Field.TYPE_INT32: "int32",
    Field.TYPE_UINT32: "uint32",
    Field.TYPE_BOOL: "bool",
    Field.TYPE_STRING: "string",
    Field.TYPE_BYTES: "bytes",
}

# More are those of a message that stands in many places.
_MOST_SOURCES = 8

_BEHAVIOURS = {
    "REQUIRED": "required",
    "OUTPUT_ONLY": "output only",
    "INPUT_ONLY": "input only",
    "IMMUTABLE": "immutable",
    "IDENTIFIER": "identifier",
}

_GENERATED = "<!-- Made of the protos by `./dev api-docs`. -->\n"

_INTRODUCTION = """\
# The API, element by element

{generated}
Every service, message, field, enum and error reason of `edugate.v1`, made of the comments in `proto/edugate/v1`, with the
fields of the providers' records that feed each field. The latter is found by trying: every field of a provider's record
gets another value, the record is mapped, and what changed came from it (`tools/api/field_sources.cc`). A field that
names no source is made by edugate, or comes from the request.

The same API as OpenAPI documents, and the providers' declared APIs: [docs/openapi](../openapi/README.md). What each
provider supports: [capabilities](../capabilities.md). A first call in each language: [clients](../../clients/README.md).
"""


def pages(api: Api, sources: Dict[str, List[str]]) -> Dict[str, str]:
    """File name -> text."""
    reference = _Reference(api, sources)
    files = sorted(api.files_of(PACKAGE), key=lambda file: file.name)
    texts = {reference.page_name(file): reference.page(file) for file in files}
    texts["README.md"] = reference.index(files)
    return texts


class _Reference:

    def __init__(self, api: Api, sources: Dict[str, List[str]]):
        self._api = api
        self._sources = sources

    @staticmethod
    def page_name(file) -> str:
        return os.path.basename(file.name).replace(".proto", ".md")

    def index(self, files) -> str:
        lines = [_INTRODUCTION.format(generated=_GENERATED), "| method | what it does |", "|---|---|"]
        for file in files:
            for service in file.services_by_name.values():
                for method in service.methods:
                    link = f"[{service.name}.{method.name}]({self.page_name(file)}#{method.name.lower()})"
                    lines.append(f"| {link} | {_first_sentence(self._api.comment(method))} |")
        lines += ["", "| page | what is there |", "|---|---|"]
        for file in files:
            names = list(file.services_by_name) + list(file.message_types_by_name) + list(file.enum_types_by_name)
            lines.append(f"| [{self.page_name(file)[:-3]}]({self.page_name(file)}) | {', '.join(names)} |")
        return "\n".join(lines) + "\n"

    def page(self, file) -> str:
        parts = [f"# {file.name}\n", _GENERATED]
        for service in file.services_by_name.values():
            parts.append(self._service(file, service))
        parts += [self._message(file, message) for message in messages_of(file)]
        parts += [self._enum(enum) for enum in enums_of(file)]
        return "\n".join(parts)

    def _service(self, file, service) -> str:
        lines = [f"## {service.name}", "", self._api.comment(service), ""]
        for method in service.methods:
            request = self._type_link(file, method.input_type)
            reply = self._type_link(file, method.output_type)
            streams = self._stream_words(method)
            lines += [f"### {method.name}", "", self._api.comment(method), ""]
            lines.append(f"{streams[0]}{request} → {streams[1]}{reply}")
            rule = http_rule(self._api, method)
            if rule is not None:
                body = {"": "", "*": ", the request as body"}.get(rule.body, f", `{rule.body}` as body")
                lines.append(f"<br>`{rule.verb.upper()} {rule.path}`{body}")
            lines.append("")
        return "\n".join(lines)

    @staticmethod
    def _stream_words(method):
        from google.protobuf import descriptor_pb2

        proto = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(proto)
        return "stream of " if proto.client_streaming else "", "stream of " if proto.server_streaming else ""

    def _message(self, file, message) -> str:
        lines = [f"## {_local_name(message)}", "", self._api.comment(message), ""]
        if not message.fields:
            return "\n".join(lines + ["It has no fields.", ""])
        with_sources = any(field.full_name in self._sources for field in message.fields)
        lines.append("| field | type | what it is |" + (" fed by |" if with_sources else ""))
        lines.append("|---|---|---|" + ("---|" if with_sources else ""))
        for field in message.fields:
            cells = [f"`{field.name}`", self._field_type(file, field), self._field_words(field)]
            if with_sources:
                cells.append(_source_words(self._sources.get(field.full_name, [])))
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines + [""])

    def _field_words(self, field) -> str:
        words = [_BEHAVIOURS[each] for each in self._api.enum_names(field, "google.api.field_behavior")
                 if each in _BEHAVIOURS]
        data_class = self._api.enum_names(field, "edugate.privacy.v1.data_class")[0].replace("DATA_CLASS_", "")
        if data_class != "UNSPECIFIED":
            words.append(f"personal: {data_class.lower().replace('_', ' ')}")
        if field.containing_oneof is not None and not field.containing_oneof.name.startswith("_"):
            words.append(f"one of `{field.containing_oneof.name}`")
        comment = _cell(self._api.comment(field))
        return f"{comment} *({'; '.join(words)})*" if words else comment

    def _field_type(self, file, field) -> str:
        if is_map(field):
            key, value = (field.message_type.fields_by_name[each] for each in ("key", "value"))
            return f"map of {_SCALARS[key.type]} to {self._field_type(file, value)}"
        name = _SCALARS.get(field.type) or self._type_link(file, field.message_type or field.enum_type)
        if is_list(field):
            return f"list of {name}"
        return f"optional {name}" if field.has_presence and field.message_type is None and _is_optional(field) else name

    def _type_link(self, file, type_) -> str:
        if type_.file.package != PACKAGE:
            return f"`{type_.full_name}`"
        page = "" if type_.file.name == file.name else self.page_name(type_.file)
        return f"[{_local_name(type_)}]({page}#{_local_name(type_).lower().replace('.', '')})"

    def _enum(self, enum) -> str:
        lines = [f"## {_local_name(enum)}", "", self._api.comment(enum), "", "| value | number | when |", "|---|---|---|"]
        for value in enum.values:
            lines.append(f"| `{value.name}` | {value.number} | {_cell(self._api.value_comment(enum, value))} |")
        return "\n".join(lines + [""])


def _source_words(sources: List[str]) -> str:
    words = [f"`{each}`" for each in sources[:_MOST_SOURCES]]
    if len(sources) > _MOST_SOURCES:
        words.append(f"and {len(sources) - _MOST_SOURCES} more")
    return "<br>".join(words)


def _is_optional(field) -> bool:
    return field.containing_oneof is not None and field.containing_oneof.name.startswith("_")


def _local_name(type_) -> str:
    return type_.full_name[len(type_.file.package) + 1 :]


def _cell(text: str) -> str:
    return text.replace("\n\n", "<br>").replace("|", "\\|")


def _first_sentence(text: str) -> str:
    first = text.split("\n\n")[0]
    end = first.find(". ")
    return _cell(first if end < 0 else first[: end + 1])
