namespace Pipeline.Models.Simulation;

/// <summary>
/// Draws what a chest or neck microphone hears of a kind: rhythm, first and second sounds (<see cref="HeartSoundShape"/>), murmur, and the
/// sounds that are no heart's (<see cref="BodySounds"/>). The same kind, seed, length and rate give the same samples.
/// </summary>
public sealed class HeartSoundKindSimulator
{
    private const double Loudness = 0.15;       // of a first sound, part of full scale

    private readonly HeartSoundKind _kind;
    private readonly double _rateHz;
    private readonly float[] _samples;
    private readonly List<double> _firsts = [], _seconds = [];
    private NoiseSource _noise;

    private HeartSoundKindSimulator(HeartSoundKind kind, int seed, double seconds, double rateHz)
    {
        (_kind, _rateHz) = (kind, rateHz);
        _noise = new NoiseSource(seed, 60 + (int)kind);
        _samples = new float[(int)(seconds * rateHz)];
    }

    /// <summary>Draws <paramref name="seconds"/> of a sound at <paramref name="rateHz"/>.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="seconds">Length.</param>
    /// <param name="rateHz">Samples per second, 500 or more.</param>
    /// <param name="perMinute">Mean heart rate; NaN: drawn from 45 to 140.</param>
    public static HeartSoundOfKind Draw(HeartSoundKind kind, int seed, double seconds, double rateHz = 1000, double perMinute = double.NaN) =>
        new HeartSoundKindSimulator(kind, seed, seconds, rateHz).Run(seconds, perMinute);

    private HeartSoundOfKind Run(double seconds, double perMinute)
    {
        if (_kind < HeartSoundKind.Silence)
            AddHeart(seconds, perMinute);
        else
            AddOther();
        var loudness = (float)(Loudness * ElectrodeFaults.LogUniform(0.2, 2, ref _noise));
        for (var i = 0; i < _samples.Length; i++)
            _samples[i] = Math.Clamp(loudness * _samples[i], -1, 1);
        return new HeartSoundOfKind(_rateHz, _samples, _firsts, _seconds);
    }

    private void AddHeart(double seconds, double perMinute)
    {
        var drawn = ElectrodeFaults.LogUniform(45, 140, ref _noise);
        var mean = 60 / (double.IsNaN(perMinute) ? drawn : perMinute);
        var shape = new HeartSoundShape(ref _noise);
        var (spread, breaths, swing) = (_noise.Uniform(0.004, 0.03), _noise.Uniform(0.15, 0.35), _noise.Uniform(0, 0.05));
        var murmurSystolic = _noise.Uniform() < 0.6;
        var murmurSize = _kind == HeartSoundKind.Murmur ? _noise.Uniform(0.1, 0.4) : 0;
        for (var at = -_noise.Uniform(0, 1) * mean; at < seconds + 1;)
        {
            var part = _kind == HeartSoundKind.Irregular ? 0.18 * _noise.Normal() : spread * _noise.Normal() + swing * Math.Sin(2 * Math.PI * breaths * at);
            var interval = Math.Max(0.3, mean * (1 + part));
            var second = at + shape.SystoleAfter(interval);
            shape.AddBeat(_samples, _rateHz, 0, at, second, 1 + 0.12 * _noise.Normal());
            if (murmurSize > 0)
                AddMurmur(murmurSystolic ? at + 0.05 : second + 0.04, murmurSystolic ? second - 0.03 : at + interval - 0.1, murmurSize);
            if (at >= 0 && at < seconds)
                _firsts.Add(at);
            if (second >= 0 && second < seconds)
                _seconds.Add(second);
            at += interval;
        }
        AddBackground();
    }

    private void AddBackground()
    {
        // The first sound's RMS over a beat is some 0.25: decibels are of that.
        var decibels = _kind == HeartSoundKind.Noisy ? _noise.Uniform(5, 15) : _noise.Uniform(14, 28);
        ElectrodeFaults.AddBand(_samples, _rateHz, 0.25 * Math.Pow(10, -decibels / 20), ElectrodeFaults.LogUniform(2, 20, ref _noise), _noise.Uniform(100, 400), ref _noise);
        if (_kind == HeartSoundKind.OverBreathing)
            BodySounds.Breathe(_samples, _rateHz, _noise.Uniform(0.05, 0.2), ref _noise);
        else if (_kind == HeartSoundKind.OverSpeech)
            BodySounds.Speak(_samples, _rateHz, _noise.Uniform(0.1, 0.3), 0.3, ref _noise);
    }

    private void AddOther()
    {
        switch (_kind)
        {
            case HeartSoundKind.Silence:
                ElectrodeFaults.AddBand(_samples, _rateHz, _noise.Uniform() < 0.5 ? 0 : 1e-3, 5, 200, ref _noise);
                break;
            case HeartSoundKind.Noise:
                var low = ElectrodeFaults.LogUniform(0.5, 60, ref _noise);
                ElectrodeFaults.AddBand(_samples, _rateHz, 0.3, low, Math.Max(2 * low, ElectrodeFaults.LogUniform(40, 450, ref _noise)), ref _noise);
                break;
            case HeartSoundKind.Speech:
                BodySounds.Speak(_samples, _rateHz, 0.5, _noise.Uniform(0.5, 1), ref _noise);
                AddRoom();
                break;
            case HeartSoundKind.Breathing:
                BodySounds.Breathe(_samples, _rateHz, 0.4, ref _noise);
                AddRoom();
                break;
            case HeartSoundKind.Rubbing:
                BodySounds.Rub(_samples, _rateHz, 1, ref _noise);
                AddRoom();
                break;
            case HeartSoundKind.Hum:
                BodySounds.Hum(_samples, _rateHz, 0.3, ref _noise);
                AddRoom();
                break;
            case HeartSoundKind.Swinging:
                BodySounds.Swing(_samples, _rateHz, 0.5, ref _noise);
                AddRoom();
                break;
        }
    }

    private void AddRoom() => ElectrodeFaults.AddBand(_samples, _rateHz, ElectrodeFaults.LogUniform(0.003, 0.06, ref _noise), 5, 300, ref _noise);

    private void AddMurmur(double from, double to, double size)
    {
        var (first, last) = (Math.Max(0, (int)(from * _rateHz)), Math.Min(_samples.Length, (int)(to * _rateHz)));
        if (last - first < 8)
            return;
        var murmur = new float[last - first];
        ElectrodeFaults.AddBand(murmur, _rateHz, size, 80, 250, ref _noise);
        for (var i = 0; i < murmur.Length; i++)
            _samples[first + i] += murmur[i] * MathF.Sin(MathF.PI * (i + 0.5f) / murmur.Length);
    }
}
