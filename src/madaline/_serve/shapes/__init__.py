"""The shapes of requests and answers: rows as people write them, MLflow's, and a protocol's."""
