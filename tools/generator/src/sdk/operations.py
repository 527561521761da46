"""Prints the official SDK's operations classes as JSON: one object for each method.

The classes are parsed, never imported. `path` is a list, in which a string is text and an object names a variable.
"""
import ast
import json
import pathlib
import sys


def name_of(node):
    """Returns `record_id` for `self.__record_id`, `record_id` and `str(record_id)`."""
    if isinstance(node, ast.Call):
        return name_of(node.args[0])
    return (node.attr if isinstance(node, ast.Attribute) else node.id).removeprefix("__")


def pieces(value):
    """Returns the parts of `api_path + x` without `api_path`."""
    if isinstance(value, ast.BinOp):
        return pieces(value.left) + pieces(value.right)
    if isinstance(value, ast.Constant):
        return [value.value] if value.value else []
    if isinstance(value, ast.Name) and value.id == "api_path":
        return []
    return [{"name": name_of(value)}]


def operation(function):
    found = {"name": function.name, "path": [], "parameters": [], "headers": []}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "api_path":
            found["path"] += pieces(node.value)
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called == "set_http_method":
            found["method"] = node.args[0].attr.removeprefix("REQUEST_METHOD_")
        elif called == "set_content_type":
            found["content_type"] = node.args[0].value
        elif called in ("add_param", "add_header"):
            place = "parameters" if called == "add_param" else "headers"
            found[place].append(node.args[0].args[0].value)
        elif called == "isinstance" and getattr(node.args[0], "id", "") == "request":
            found["body"] = imported(function, name_of(node.args[1]))
        elif called == "api_call":
            found["response"] = imported(function, name_of(node.args[0].value))
            found["accept"] = node.args[1].value
    return found


def imported(function, name):
    """Returns the full name of a class, as in `json_details.json`."""
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and any(a.name == name for a in node.names):
            return node.module.rpartition(".")[0] + "." + name
    return name


def main(root):
    for file in sorted(pathlib.Path(root).glob("src/com/zoho/crm/api/*/*_operations.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for function in (node for node in owner.body if isinstance(node, ast.FunctionDef)):
                if any(isinstance(node, ast.Name) and node.id == "handler_instance" for node in ast.walk(function)):
                    yield {"module": file.parent.name} | operation(function)


json.dump(list(main(sys.argv[1])), sys.stdout)
