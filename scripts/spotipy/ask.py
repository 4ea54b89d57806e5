"""Ask an earworm for audio features and analyses as a former client of Spotify
does: spotipy, of which only the base URL is changed.

    ask.py BASE_URL TOKEN TRACK_ID…

Prints one JSON object: what each call returned, or the exception it raised.
"""

import json
import sys

import spotipy

base, token, *ids = sys.argv[1:]
client = spotipy.Spotify(auth=token, retries=0)
client.prefix = base.rstrip("/") + "/v1/"


def call(method, *args):
    try:
        return method(*args)
    except spotipy.SpotifyException as e:
        return {"exception": {"status": e.http_status, "message": e.msg}}


json.dump(
    {
        "one": call(client.audio_features, ids[0]),
        "all": call(client.audio_features, ids),
        "analysis": call(client.audio_analysis, ids[0]),
        "unknown": call(client.audio_analysis, "f" * 32),
    },
    sys.stdout,
)
