"""Pages, equations and notebook output, made from traces and verdicts."""
