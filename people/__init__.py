"""Who may do what: roles, invitations, tokens of programs, second factors."""
