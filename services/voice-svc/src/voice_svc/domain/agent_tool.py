"""The tool by which agents ask what their persona knows."""

TOOL_NAME = "query_persona_knowledge"
