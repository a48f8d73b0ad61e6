"""How workspaces are dealt to slots, so that a claim of due rows need not visit each of them.

A column of each leased table, as an index on an expression is no use under row-level security: the
expression would have to be leakproof. Another number of slots needs another migration.
"""

SLOTS = 128
SLOT_OF_WORKSPACE = f"(hashtextextended(workspace_id, 0) & {SLOTS - 1})::int"
