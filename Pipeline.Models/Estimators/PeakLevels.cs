using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// How high the peaks of a non-negative envelope are, and how high it is between them: the median over about 12 s of its maxima over 1.5 s,
/// and its 40 % quantile over about 8 s. Updated every half second; the first levels come from a short hold.
/// </summary>
internal sealed class PeakLevels
{
    private const int MaximaKept = 24;
    private const int QuantilesKept = 16;
    private const int QuantileSamples = 18;
    private readonly int _block;
    private readonly int _step;
    private readonly int _holdLength;
    private readonly float[] _maxima = new float[MaximaKept];
    private readonly float[] _quantiles = new float[QuantilesKept];
    private readonly float[] _blockSamples = new float[QuantileSamples];
    private float[]? _hold;     // only at the start
    private int _held, _inBlock, _untilSample, _blockSampleCount, _blocks;
    private float _blockMaximum, _peak, _floor;

    /// <param name="block">Samples in half a second.</param>
    /// <param name="hold">Samples from which the first levels are taken.</param>
    public PeakLevels(int block, int hold)
    {
        _block = block;
        _step = Math.Max(1, block / QuantileSamples);
        _holdLength = hold;
    }

    /// <summary>Height of a typical peak; 0 when there is none.</summary>
    public float Peak => _peak;

    /// <summary>Height between the peaks, never less than a thousandth of <see cref="Peak"/>.</summary>
    public float Floor => _floor;

    /// <summary>Samples kept by <see cref="Hold"/>.</summary>
    public int HeldCount => _held;

    /// <summary>Whether enough are kept.</summary>
    public bool IsHeld => _held == _holdLength;

    /// <summary>The samples kept by <see cref="Hold"/>, until <see cref="EndHold"/>.</summary>
    public ReadOnlySpan<float> Held => _hold.AsSpan(0, _hold is null ? 0 : _held);

    /// <summary>
    /// Keeps a sample of the start; true when enough are kept, and the first levels then stand. They are then to be learnt, too.
    /// </summary>
    public bool Hold(float envelope)
    {
        var hold = HeldOrNew();
        hold[_held++] = envelope;
        if (!IsHeld)
            return false;
        foreach (var value in hold)
            _peak = Math.Max(_peak, value);
        for (var i = 0; i < QuantileSamples; i++)
            _blockSamples[i] = hold[i * (hold.Length - 1) / (QuantileSamples - 1)];
        _floor = Math.Max(OrderStatistic.Of(_blockSamples, QuantileSamples * 2 / 5), 1e-3f * Peak);
        return true;
    }

    /// <summary>Drops the samples kept by <see cref="Hold"/>.</summary>
    public void EndHold() => _hold = null;

    /// <summary>
    /// Takes samples, none beyond the end of a half second; true at that end, when <see cref="EndBlock"/> is to be called.
    /// </summary>
    public bool Learn(ReadOnlySpan<float> envelopes)
    {
        var maximum = _blockMaximum;
        foreach (var envelope in envelopes)
            if (envelope > maximum)
                maximum = envelope;
        _blockMaximum = maximum;
        var at = Math.Max(_untilSample, 1) - 1;
        _untilSample -= envelopes.Length;
        for (; at < envelopes.Length && _blockSampleCount < QuantileSamples; at += _step)
        {
            _blockSamples[_blockSampleCount++] = envelopes[at];
            _untilSample = _step - (envelopes.Length - 1 - at);
        }
        _inBlock += envelopes.Length;
        return _inBlock >= _block;
    }

    /// <summary>Ends a half second, which counts unless it is not <paramref name="valid"/>.</summary>
    public void EndBlock(bool valid)
    {
        if (valid)
        {
            _maxima[_blocks % MaximaKept] = _blockMaximum;
            _quantiles[_blocks % QuantilesKept] = OrderStatistic.Of(_blockSamples.AsSpan(0, _blockSampleCount), _blockSampleCount * 2 / 5);
            _blocks++;
            SetLevels();
        }
        _blockMaximum = 0;
        _inBlock = _untilSample = _blockSampleCount = 0;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_maxima);
        Array.Clear(_quantiles);
        Array.Clear(_blockSamples);
        _hold?.AsSpan().Clear();
        _held = _inBlock = _untilSample = _blockSampleCount = _blocks = 0;
        _blockMaximum = _peak = _floor = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _held, 0, _holdLength);
        if (!IsHeld)
            state.Values<float>(HeldOrNew());    // only needed until the first levels stand
        state.Values<float>(_maxima);
        state.Values<float>(_quantiles);
        state.Values<float>(_blockSamples);
        state.Within(ref _inBlock, 0, _block - 1);
        state.Within(ref _untilSample, -_block, _step);
        state.Within(ref _blockSampleCount, 0, QuantileSamples);
        state.Within(ref _blocks, 0, int.MaxValue - 1);
        state.Value(ref _blockMaximum);
        state.Value(ref _peak);
        state.Value(ref _floor);
    }

    private float[] HeldOrNew() => _hold ??= new float[_holdLength];

    private void SetLevels()
    {
        Span<float> maxima = stackalloc float[MaximaKept / 3];
        var groups = Math.Min((_blocks + 2) / 3, MaximaKept / 3);
        for (var g = 0; g < groups; g++)
        {
            var maximum = 0f;
            for (var b = _blocks - 1 - 3 * g; b >= Math.Max(0, _blocks - 3 - 3 * g); b--)
                maximum = Math.Max(maximum, _maxima[b % MaximaKept]);
            maxima[g] = maximum;
        }
        maxima = maxima[..groups];
        var peak = (OrderStatistic.Of(maxima, (groups - 1) / 2) + OrderStatistic.Of(maxima, groups / 2)) / 2;
        // The first second and a half knows only the hold to judge by.
        _peak = _blocks <= 3 ? Math.Max(Peak, peak) : peak;
        var count = Math.Min(_blocks, QuantilesKept);
        _floor = Math.Max(OrderStatistic.Of(_quantiles.AsSpan(0, count), count / 2), 1e-3f * Peak);
    }
}
