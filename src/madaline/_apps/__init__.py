"""What people start and call: estimators, commands, servers, and what is done beside a fit."""
