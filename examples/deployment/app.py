"""Models inside a FastAPI application: `uvicorn app:app --workers 4` runs it in four processes.

Each process has the models, and looks for new files by itself; /models/metrics tells of one.
"""

from fastapi import FastAPI

from madaline.serving import Settings, make_app

models = make_app(Settings({"penguins": "penguins.madaline"}, allow_hosts=["*.example.com"]))
app = FastAPI(lifespan=models.lifespan)
app.mount("/models", models)
