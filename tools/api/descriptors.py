"""The API's descriptors, with their comments and options, from the set that `./dev descriptors` writes."""

import dataclasses
from typing import Dict, Iterator, List, Tuple

from google.protobuf import descriptor, descriptor_pb2, descriptor_pool, message_factory

Field = descriptor.FieldDescriptor

# Where things stand in a file: the numbers of the fields of FileDescriptorProto and DescriptorProto.
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_NESTED_MESSAGE, _NESTED_ENUM, _FIELD, _METHOD, _VALUE = 3, 4, 2, 2, 2


class Api:
    """Every file of a descriptor set."""

    def __init__(self, serialized: bytes):
        files = descriptor_pb2.FileDescriptorSet.FromString(serialized).file
        self.pool = descriptor_pool.DescriptorPool()
        self._comments: Dict[str, str] = {}
        for file in files:
            self.pool.Add(file)
            _collect_comments(file, self._comments)
        self.files = [self.pool.FindFileByName(file.name) for file in files]
        self._classes = message_factory.MessageFactory(self.pool)

    def files_of(self, package: str) -> List[descriptor.FileDescriptor]:
        return [file for file in self.files if file.package == package]

    def packages(self, prefix: str) -> List[str]:
        return sorted({file.package for file in self.files if file.package.startswith(prefix)})

    def comment(self, element) -> str:
        """The comment above an element, its lines joined to paragraphs."""
        return self._comments.get(element.full_name, "")

    def value_comment(self, enum: descriptor.EnumDescriptor, value: descriptor.EnumValueDescriptor) -> str:
        """The comment of an enum's value, whose full name has the scope of its enum and not the enum."""
        return self._comments.get(f"{enum.full_name}.{value.name}", "")

    def option(self, element, name: str):
        """The value of a custom option: a message, number or list, or what is left unsaid."""
        options = element.GetOptions()
        known = self._classes.GetPrototype(self.pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        extension = self.pool.FindExtensionByName(name)
        return known.FromString(options.SerializeToString()).Extensions[extension]

    def enum_names(self, element, name: str) -> List[str]:
        """The names of the values of an option that is an enum, or a list of one."""
        values = self.option(element, name)
        type_ = self.pool.FindExtensionByName(name).enum_type
        if isinstance(values, int):
            values = [values]
        return [type_.values_by_number[value].name for value in values]


@dataclasses.dataclass(frozen=True)
class HttpRule:
    """A google.api.http rule: how a method is called over HTTP."""

    verb: str
    path: str
    # The request's field that is the body, "*" for all that the path doesn't take, "" for none.
    body: str


def http_rule(api: Api, method: descriptor.MethodDescriptor):
    """The rule of a method, or None."""
    rule = api.option(method, "google.api.http")
    verb = rule.WhichOneof("pattern")
    if verb is None:
        return None
    if verb == "custom":
        return HttpRule(rule.custom.kind.lower(), rule.custom.path, rule.body)
    return HttpRule(verb, getattr(rule, verb), rule.body)


def messages_of(file: descriptor.FileDescriptor) -> Iterator[descriptor.Descriptor]:
    """Every message, nested ones after those that hold them; no map entries."""
    for message in file.message_types_by_name.values():
        yield from _with_nested(message)


def enums_of(file: descriptor.FileDescriptor) -> Iterator[descriptor.EnumDescriptor]:
    yield from file.enum_types_by_name.values()
    for message in messages_of(file):
        yield from message.enum_types


def is_map(field: descriptor.FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_list(field: descriptor.FieldDescriptor) -> bool:
    return field.label == Field.LABEL_REPEATED and not is_map(field)


def _with_nested(message):
    if message.GetOptions().map_entry:
        return
    yield message
    for nested in message.nested_types:
        yield from _with_nested(nested)


def _collect_comments(file: descriptor_pb2.FileDescriptorProto, comments: Dict[str, str]) -> None:
    by_path = {tuple(each.path): each.leading_comments for each in file.source_code_info.location}

    def keep(name: str, path: Tuple[int, ...]) -> None:
        comments[name] = _paragraphs(by_path.get(path, ""))

    def keep_enum(prefix: str, enum, path: Tuple[int, ...]) -> None:
        keep(f"{prefix}.{enum.name}", path)
        for index, value in enumerate(enum.value):
            keep(f"{prefix}.{enum.name}.{value.name}", path + (_VALUE, index))

    def keep_message(prefix: str, message, path: Tuple[int, ...]) -> None:
        name = f"{prefix}.{message.name}"
        keep(name, path)
        for index, field in enumerate(message.field):
            keep(f"{name}.{field.name}", path + (_FIELD, index))
        for index, nested in enumerate(message.nested_type):
            keep_message(name, nested, path + (_NESTED_MESSAGE, index))
        for index, enum in enumerate(message.enum_type):
            keep_enum(name, enum, path + (_NESTED_ENUM, index))

    for index, message in enumerate(file.message_type):
        keep_message(file.package, message, (_MESSAGE, index))
    for index, enum in enumerate(file.enum_type):
        keep_enum(file.package, enum, (_ENUM, index))
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        keep(name, (_SERVICE, index))
        for number, method in enumerate(service.method):
            keep(f"{name}.{method.name}", (_SERVICE, index, _METHOD, number))


def _paragraphs(comment: str) -> str:
    paragraphs = [" ".join(each.split()) for each in comment.strip().split("\n\n")]
    return "\n\n".join(each for each in paragraphs if each)
