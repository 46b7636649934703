"""JSON Schemas of the types of contracts and of the signing types, under names that are unique."""

from collections.abc import Iterable
from types import new_class
from typing import Any

import msgspec

from ...signing.examples import examples
from ...signing.forms import names_of_kinds
from ...signing.request import SignRequest, Versioned
from ...spec.networks import Network
from ...ssz.schemas import schema_of

Schema = dict[str, Any]

REF = "#/components/schemas/{name}"
SIGN_REQUEST = "SignRequest"
IN_BATCHES = "BatchedSignRequest"


def ref(name: str) -> Schema:
    """The schema of a component."""
    return {"$ref": REF.format(name=name)}


def name_in(schema: Schema) -> str:
    """The name of the component that a schema refers to."""
    name: str = schema["$ref"].rpartition("/")[2]
    return name


class Schemas:
    """Schemas by type. They are empty until `components` fills all of them at once.

    msgspec tells types of one name apart only if it sees them together.
    """

    def __init__(self) -> None:
        self._kinds: list[Any] = []
        self._schemas: list[Schema] = []
        self._forms: dict[type[SignRequest], list[Schema]] = {}
        self._wrappers = dict[Any, Any]()

    def of(self, kind: Any) -> Schema:
        """The schema of a type."""
        schema: Schema = {}
        self._kinds.append(kind)
        self._schemas.append(schema)
        return schema

    def add_signing_types(self, signing_types: Iterable[type[SignRequest]]) -> None:
        """Adds a schema for each type, and for each form of its requests."""
        for signing_type in signing_types:
            names = names_of_kinds(signing_type)
            forms = []
            for kind, form in names.items():
                name = signing_type.TYPE
                if len(names) > 1:
                    name += f".{form}"
                forms.append(self.of(self._named(name, kind)))
            self._forms[signing_type] = forms

    def _named(self, name: str, kind: Any) -> Any:
        """A class of this name for a Struct: msgspec names two parametrisations alike."""
        arguments = getattr(kind, "__args__", ())
        if arguments:
            kind = kind.__origin__[self._unwrapped(arguments[0])]
        return _subclass(name, kind)

    def _unwrapped(self, payload: Any) -> Any:
        """A payload that is no parametrised wrapper, because it is a class of its own."""
        wrapper = getattr(payload, "__origin__", None)
        if not isinstance(wrapper, type) or not issubclass(wrapper, Versioned):
            return payload
        if payload not in self._wrappers:
            container = payload.__args__[0]
            fork = container.__module__.rpartition(".")[2]
            name = f"{wrapper.__name__}.{fork}.{container.__name__}"
            self._wrappers[payload] = _subclass(name, payload)
        return self._wrappers[payload]

    def components(self, network: Network) -> dict[str, Schema]:
        """All components by name; fills the schemas that were made."""
        schemas, components = msgspec.json.schema_components(
            self._kinds,
            schema_hook=schema_of,
            ref_template=REF,
        )
        for empty, schema in zip(self._schemas, schemas, strict=True):
            empty.update(schema)
        for signing_type, forms in self._forms.items():
            for form in forms:
                _add_type(components[name_in(form)], signing_type)
            if len(forms) > 1:
                components[signing_type.TYPE] = _any_of(signing_type, forms)
                forms[:] = [ref(signing_type.TYPE)]
        by_type = {kind.TYPE: name_in(form) for kind, [form] in self._forms.items()}
        for example in examples(self._forms, network):
            schema = components[by_type[example.type]]
            schema.setdefault("examples", []).append(example.request)
        components[SIGN_REQUEST] = self._one_of(self._forms)
        components[IN_BATCHES] = self._one_of(kind for kind in self._forms if kind.IN_BATCHES)
        return components

    def _one_of(self, signing_types: Iterable[type[SignRequest]]) -> Schema:
        """The schema of requests of any of these types."""
        mapping = {}
        options = []
        for signing_type in signing_types:
            [form] = self._forms[signing_type]
            options.append(form)
            for name in _type_names(signing_type):
                mapping[name] = form["$ref"]
        return {"oneOf": options, "discriminator": {"propertyName": "type", "mapping": mapping}}


def _subclass(name: str, kind: Any) -> Any:
    """A Struct with the fields of another one, and its documentation."""
    documentation = getattr(kind, "__origin__", kind).__doc__
    namespace = {"__doc__": documentation}
    return new_class(name, (kind,), {"frozen": True}, lambda names: names.update(namespace))


def _type_names(signing_type: type[SignRequest]) -> list[str]:
    return [signing_type.TYPE, *signing_type.OLD_TYPES]


def _add_type(schema: Schema, signing_type: type[SignRequest]) -> None:
    """Adds the member by which the signer finds the class, and which the class does not have."""
    names = {"type": "string", "enum": _type_names(signing_type)}
    schema["properties"] = {"type": names, **schema["properties"]}
    schema["required"] = ["type", *schema["required"]]


def _any_of(signing_type: type[SignRequest], forms: Iterable[Schema]) -> Schema:
    """The schema of a type with several forms."""
    schema: Schema = {"title": signing_type.TYPE}
    if signing_type.__doc__:
        schema["description"] = signing_type.__doc__
    schema["anyOf"] = [*forms]
    return schema
