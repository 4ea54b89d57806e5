"""Tempo and key of a track by a peer, to be timed: peer.py PEER [FILE].

Without FILE only what the peer imports is loaded.
"""

import sys

peer, files = sys.argv[1], sys.argv[2:]
if peer == "librosa":
    import librosa

    for file in files:
        sound, rate = librosa.load(file, sr=22050)
        tempo, _ = librosa.beat.beat_track(y=sound, sr=rate)
        chroma = librosa.feature.chroma_cqt(y=sound, sr=rate)
        print(tempo, chroma.mean(axis=1))
else:
    import essentia.standard as es

    for file in files:
        sound = es.MonoLoader(filename=file)()
        tempo = es.RhythmExtractor2013(method=peer.removeprefix("essentia-"))(sound)[0]
        print(tempo, es.KeyExtractor()(sound))
