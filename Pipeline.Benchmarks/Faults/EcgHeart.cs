namespace Pipeline.Benchmarks.Faults;

/// <summary>When the beats of a rhythm are.</summary>
internal sealed class EcgRhythm(Random random, string kind)
{
    private readonly double _interval = kind switch
    {
        "slow" => random.Uniform(1.5, 2.1),
        "fast" => random.Uniform(0.33, 0.45),
        _ => random.Uniform(0.6, 1.05),
    };

    private readonly double _breath = random.Uniform(0.15, 0.35);

    /// <summary>Seconds of the beats up to <paramref name="end"/>.</summary>
    public double[] Until(double end)
    {
        var beats = new List<double>();
        var at = 0.35;
        for (var beat = 0; at < end - 0.3; beat++)
        {
            beats.Add(at);
            at += Interval(at, beat);
        }
        return [.. beats];
    }

    private double Interval(double at, int beat)
    {
        if (kind.StartsWith("af", StringComparison.Ordinal))
            return Math.Max(0.3, _interval * (1 + 0.25 * random.Normal()));
        if (kind == "pauses" && beat % 9 == 8)
            return random.Uniform(2, 6.5);
        return _interval * (1 + 0.03 * Math.Sin(2 * Math.PI * _breath * at) + 0.01 * random.Normal());
    }
}

/// <summary>The waves of a heart on one or two leads.</summary>
internal sealed class EcgHeart
{
    private readonly double[] _gains;
    private readonly double _width, _pWave, _tWave, _noise, _wander, _offset;
    private readonly bool _fibrillates;

    /// <summary>Shape and sizes are drawn from <paramref name="random"/>.</summary>
    public EcgHeart(Random random, int leads, string kind)
    {
        _gains = new double[leads];
        for (var l = 0; l < leads; l++)
            _gains[l] = (kind == "low" ? random.Uniform(0.12, 0.3) : random.Uniform(0.5, 1.8)) * random.Of(-1, 1);
        _width = random.Uniform(0.009, 0.014) * (random.NextDouble() < 0.25 ? 1.7 : 1);
        _fibrillates = kind.StartsWith("af", StringComparison.Ordinal);
        _pWave = _fibrillates ? 0 : random.Uniform(0.05, 0.18);
        _tWave = random.Uniform(0.1, 0.35);
        _noise = kind is "noise-free" ? 0 : random.LogUniform(0.005, kind == "low" ? 0.012 : 0.03);
        _wander = kind is "noise-free" ? 0 : random.Uniform(0.02, 0.1);
        _offset = kind == "holes-zero-offset" ? random.Uniform(0.5, 5) * random.Of(-1, 1) : 0;
    }

    /// <summary>Adds the beats at <paramref name="beats"/> s, noise and a wandering baseline.</summary>
    public void AddTo(double[][] leads, double rateHz, double[] beats, Random random)
    {
        for (var l = 0; l < leads.Length; l++)
        {
            var (lead, gain) = (leads[l], _gains[l]);
            for (var b = 0; b < beats.Length; b++)
                AddBeat(lead, rateHz, beats[b], b > 0 ? beats[b] - beats[b - 1] : 0.8, gain);
            if (_fibrillates)
                random.AddBand(lead, rateHz, 0.03, 4, 8);
            random.AddWhite(lead, _noise);
            random.AddBand(lead, rateHz, _wander, 0.1, 0.4);
            foreach (ref var value in lead.AsSpan())
                value += _offset;
        }
    }

    private void AddBeat(double[] lead, double rateHz, double at, double interval, double gain)
    {
        var tail = 0.27 * Math.Sqrt(Math.Clamp(interval, 0.35, 1.2) / 0.8);
        Draw.AddWave(lead, rateHz, at - Math.Min(0.16, 0.3 * interval), _pWave * gain, 0.02);
        Draw.AddWave(lead, rateHz, at - 2.3 * _width, -0.12 * gain, 0.8 * _width);
        Draw.AddWave(lead, rateHz, at, gain, _width);
        Draw.AddWave(lead, rateHz, at + 2.5 * _width, -0.2 * gain, 0.9 * _width);
        Draw.AddWave(lead, rateHz, at + tail, _tWave * gain, 0.045);
    }
}
