"""An excerpt of a lesson: its set-up cell, the cells that match a pattern, and the cells that those need to run."""

import ast
import re
import symtable

import nbformat

INNER = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def uses(node):
    """The global names that a piece of code refers to."""
    top = symtable.symtable(ast.unparse(node), "cell", "exec")
    found, tables = {s.get_name() for s in top.get_symbols() if s.is_referenced()}, top.get_children()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and s.is_global()}
    return found


def walk(node):
    """The node and all inside it, but for what has names of its own: functions, comprehensions."""
    yield node
    if not isinstance(node, INNER):
        for child in ast.iter_child_nodes(node):
            yield from walk(child)


def stored(*nodes):
    """(names that are bound, names whose parts are: x of x.a = ... and x[i] = ...)."""
    names, parts = set(), set()
    for node in (inner for outer in nodes for inner in walk(outer)):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            inner = node
            while isinstance(inner, (ast.Attribute, ast.Subscript)):
                inner = inner.value
            if isinstance(inner, ast.Name):
                (names if inner is node else parts).add(inner.id)
    return names, parts


def flow(statements, bound, changed, needed):
    """Note, statement by statement, what is bound, what is changed in place, and what is needed from before."""
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            needed |= uses(node) - bound - {node.name}
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.For, ast.With)):
            heads = [node.iter] if isinstance(node, ast.For) else [item.context_expr for item in node.items]
            targets = (
                [node.target] if isinstance(node, ast.For) else [i.optional_vars for i in node.items if i.optional_vars]
            )
            for head in heads:
                needed |= uses(head) - bound
            bound |= stored(*targets)[0]
            flow([*node.body, *getattr(node, "orelse", [])], bound, changed, needed)
        else:
            names, parts = stored(node)
            needed |= (uses(node) | parts | (names if isinstance(node, ast.AugAssign) else set())) - bound
            changed |= parts
            (bound if isinstance(node, ast.Assign) else changed).update(names)
    return bound, changed, needed


def excerpt(notebook, pattern):
    """A notebook of the cells whose source matches, below those that bind or change what they use, without outputs.

    What a cell changes by calling something is not seen: a network's training, say, is left out where the cells that
    match use the network, but nothing that the training's cell binds.
    """
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    parts = [(c, "setup" in c.metadata.get("tags", []), flow(ast.parse(c.source).body, set(), set(), set()))
             for c in code]  # fmt: skip
    late, unmet = set(), {""}  # what a function uses may be bound below the function, though above where it is called
    while unmet:
        wanted, chosen = set(late), []
        for cell, setup, (bound, changed, needed) in reversed(parts):
            if setup or (bound | changed) & wanted or re.search(pattern, cell.source):
                wanted = (wanted - bound) | needed
                chosen.insert(0, nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata))
        unmet = {name for *_, (bound, _, _) in parts for name in bound} & wanted - late
        late |= unmet
    return nbformat.v4.new_notebook(cells=chosen, metadata=notebook.metadata)
