"""What personas and workspaces are: pure Python."""
