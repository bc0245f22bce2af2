namespace Pipeline.Models.Estimators;

/// <summary>
/// One lead of the QRS detector: smoothing, band-pass (about 7 to 27 Hz) and RMS envelope, all from centred means and hence of linear phase,
/// and the levels of its beats and of its noise. Missing samples hold the last value; after a longer hole the signal goes on from there, so
/// that its return is no step.
/// </summary>
internal sealed class QrsLead
{
    private const int MaximaKept = 24;
    private const int QuantilesKept = 16;
    private const int QuantileSamples = 18;
    private const float Clamp = 1e9f;

    private readonly QrsTiming _timing;
    private readonly float _floor;
    private readonly float[] _samples;
    private readonly float[] _wave;
    private readonly float[] _hold;
    private readonly float[] _maxima = new float[MaximaKept];
    private readonly float[] _quantiles = new float[QuantilesKept];
    private readonly float[] _blockSamples = new float[QuantileSamples];
    private readonly int _quantileStep;
    private readonly int _maxHole;
    private CentredMean _smooth1, _smooth2, _high1, _high2, _mean;
    private int _held, _inBlock, _blockSampleCount, _blocks, _missing, _missingInBlock;
    private float _blockMaximum, _offset, _last;
    private bool _started;

    /// <param name="timing">The lengths.</param>
    /// <param name="floor">Smallest envelope of a beat in the unit of the samples; 0 where the unit is not known.</param>
    public QrsLead(QrsTiming timing, float floor)
    {
        _timing = timing;
        _floor = floor;
        _samples = new float[timing.History];
        _wave = new float[timing.History];
        _hold = new float[timing.Hold];
        _smooth1 = new CentredMean(timing.FirstSmoothing);
        _smooth2 = new CentredMean(timing.SecondSmoothing);
        _high1 = new CentredMean(timing.HighPass);
        _high2 = new CentredMean(timing.HighPass);
        _mean = new CentredMean(timing.Envelope);
        _quantileStep = Math.Max(1, timing.Block / QuantileSamples);
        _maxHole = timing.Of(0.05);
    }

    /// <summary>Envelope of a typical beat: median over about 12 s of maxima over 1.5 s. 0 when there is none.</summary>
    public float BeatLevel { get; private set; }

    /// <summary>Envelope between the beats: the 40 % quantile over about 8 s.</summary>
    public float NoiseLevel { get; private set; }

    /// <summary>How far the beats stand out; not normalised over the leads. 0 when the lead is silent or missing.</summary>
    public float Weight { get; private set; }

    /// <summary>Logarithm of the beats' over the noise's level; 0 when the lead is silent.</summary>
    public float Clarity => BeatLevel <= 0 ? 0 : MathF.Log(BeatLevel / Math.Max(NoiseLevel, 1e-3f * BeatLevel));

    /// <summary>Number of samples since the start.</summary>
    public long SampleCount { get; private set; }

    /// <summary>The sample at <paramref name="index"/>, its offset at the start taken away.</summary>
    public float Sample(long index) => _samples[index & (_samples.Length - 1)];

    /// <summary>The band-passed wave centred on sample <paramref name="index"/>.</summary>
    public float Wave(long index) => _wave[(index + _timing.WaveDelay) & (_wave.Length - 1)];

    /// <summary>The envelope kept from the first part of the recording.</summary>
    public float Held(int index) => _hold[index];

    /// <summary>Takes a sample; NaN and infinities are missing. Returns whether an envelope sample came out.</summary>
    public bool Take(float sample, out float envelope)
    {
        var value = Bridge(sample);
        var at = (int)SampleCount & (_samples.Length - 1);
        _samples[at] = value;
        var smooth = _smooth2.Next(_smooth1.Next(value));
        var slow = _high1.Next(smooth, out var centre);
        slow = _high2.Next(centre - slow, out centre);
        var wave = centre - slow;
        _wave[at] = wave;
        envelope = MathF.Sqrt(Math.Max(0, _mean.Next(wave * wave)));
        return ++SampleCount > _timing.EnvelopeDelay;
    }

    /// <summary>Keeps an envelope sample of the start; true when enough are kept, and the first levels then stand.</summary>
    public bool Hold(float envelope)
    {
        _hold[_held++] = envelope;
        if (_held < _hold.Length)
            return false;
        foreach (var value in _hold)
            BeatLevel = Math.Max(BeatLevel, value);
        for (var i = 0; i < QuantileSamples; i++)
            _blockSamples[i] = _hold[i * (_hold.Length - 1) / (QuantileSamples - 1)];
        Array.Sort(_blockSamples);
        NoiseLevel = _blockSamples[QuantileSamples * 2 / 5];
        SetWeight();
        return true;
    }

    /// <summary>Takes an envelope sample into the levels.</summary>
    public void Learn(float envelope)
    {
        if (envelope > _blockMaximum)
            _blockMaximum = envelope;
        if (_inBlock % _quantileStep == 0 && _blockSampleCount < QuantileSamples)
            _blockSamples[_blockSampleCount++] = envelope;
        if (++_inBlock == _timing.Block)
            EndBlock();
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _smooth1.Clear();
        _smooth2.Clear();
        _high1.Clear();
        _high2.Clear();
        _mean.Clear();
        Array.Clear(_samples);
        Array.Clear(_wave);
        _held = _inBlock = _blockSampleCount = _blocks = _missing = _missingInBlock = 0;
        _blockMaximum = _offset = _last = 0;
        _started = false;
        BeatLevel = NoiseLevel = Weight = 0;
        SampleCount = 0;
    }

    private float Bridge(float sample)
    {
        if (!float.IsFinite(sample))
        {
            _missing++;
            _missingInBlock++;
            return _last;
        }
        if (!_started || _missing > _maxHole)
            _offset = sample - _last;
        _started = true;
        _missing = 0;
        return _last = Math.Clamp(sample - _offset, -Clamp, Clamp);
    }

    private void EndBlock()
    {
        if (2 * _missingInBlock < _timing.Block)
        {
            _maxima[_blocks % MaximaKept] = _blockMaximum;
            Array.Sort(_blockSamples, 0, _blockSampleCount);
            _quantiles[_blocks % QuantilesKept] = _blockSamples[_blockSampleCount * 2 / 5];
            _blocks++;
            SetLevels();
        }
        SetWeight();
        _blockMaximum = 0;
        _inBlock = _blockSampleCount = _missingInBlock = 0;
    }

    private void SetLevels()
    {
        Span<float> sorted = stackalloc float[MaximaKept];
        var groups = Math.Min((_blocks + 2) / 3, MaximaKept / 3);
        for (var g = 0; g < groups; g++)
        {
            var maximum = 0f;
            for (var b = _blocks - 1 - 3 * g; b >= Math.Max(0, _blocks - 3 - 3 * g); b--)
                maximum = Math.Max(maximum, _maxima[b % MaximaKept]);
            sorted[g] = maximum;
        }
        sorted[..groups].Sort();
        var level = (sorted[(groups - 1) / 2] + sorted[groups / 2]) / 2;
        BeatLevel = _blocks <= 3 ? Math.Max(BeatLevel, level) : level;
        var count = Math.Min(_blocks, QuantilesKept);
        _quantiles.AsSpan(0, count).CopyTo(sorted);
        sorted[..count].Sort();
        NoiseLevel = sorted[count / 2];
    }

    private void SetWeight()
    {
        if (BeatLevel <= _floor || 2 * _missingInBlock >= _timing.Block)
        {
            Weight = 0;
            return;
        }
        var stand = Math.Max(BeatLevel / Math.Max(NoiseLevel, 1e-3f * BeatLevel) - 1, 0.05f);
        Weight = stand * MathF.Sqrt(stand);
    }
}
