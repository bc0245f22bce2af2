using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// The last 12 s of up to four abdominal leads at 250 Hz, high-passed at 3 Hz. A missing sample is like the one before; a hole of 10 ms or
/// more, one value for 0.15 s or more, and 0.2 s after either, are not valid: zeros. Then a lead goes on without a step.
/// </summary>
internal sealed class AbdominalLeads
{
    private const int Block = 256;
    private const double HoleSeconds = 0.01, StillSeconds = 0.15, DistrustSeconds = 0.2;
    private const int BeforeStill = 45;         // samples made: the step to one value is taken out, too
    private const byte Hole = 1, Still = 2;
    private const int Most = FetalTiming.WindowSamples;
    private const float Impossible = 1e12f;     // in any unit: missing, as NaN and infinities are

    private static readonly Biquad HighPass = Biquad.HighPass(3, FetalTiming.RateHz);

    [ThreadStatic]
    private static float[]? _inputs;
    [ThreadStatic]
    private static byte[]? _missing;

    private readonly LeadResampler _resampler;
    private readonly int _leads, _hole, _stillRun;
    private readonly double _distrust;
    private readonly float[] _before;           // [leads x (taps − 1)]: the last samples, held
    private readonly byte[] _missingBefore;
    private readonly float[] _held, _offset;
    private readonly int[] _run;                // missing samples in a row
    private readonly int[] _still;              // equal samples in a row
    private readonly double[] _invalidUntil;
    private readonly BiquadDelays[] _delays;
    private readonly float[] _samples;          // [leads x Most]
    private readonly byte[] _valid = new byte[Most];    // a bit a lead
    private long _taken;                        // samples of the stream's rate
    private long _count;                        // samples made

    /// <param name="rateHz">Samples per second of what is taken; 250 or more.</param>
    /// <param name="leads">1 to 4.</param>
    public AbdominalLeads(double rateHz, int leads)
    {
        _resampler = LeadResampler.Of(rateHz);
        _leads = leads;
        _hole = Math.Max(2, (int)(HoleSeconds * rateHz));
        _stillRun = (int)(StillSeconds * rateHz);
        _distrust = DistrustSeconds * rateHz;
        _before = new float[leads * (_resampler.Taps - 1)];
        _missingBefore = new byte[_before.Length];
        (_held, _offset, _run, _still) = (new float[leads], new float[leads], new int[leads], new int[leads]);
        (_invalidUntil, _delays) = (new double[leads], new BiquadDelays[leads]);
        _samples = SignalRows.Array(leads);
        Clear();
    }

    /// <summary>Samples since the start; the last <see cref="Length"/> of them are there.</summary>
    public long Count => _count;

    /// <summary>Samples that are there: 12 s at most.</summary>
    public int Length => (int)Math.Clamp(_count, 0, Most);

    /// <summary>The samples of a lead.</summary>
    public ReadOnlySpan<float> this[int lead] => _samples.AsSpan(lead * Most, Length);

    /// <summary>Of each sample, a bit for each lead in which it is valid.</summary>
    public ReadOnlySpan<byte> Valid => _valid.AsSpan(0, Length);

    /// <summary>Takes samples; one that is missing is NaN.</summary>
    /// <param name="leads">[leads x <paramref name="stride"/>].</param>
    /// <param name="stride">From one lead to the next.</param>
    /// <param name="count">Samples of each, at most <see cref="Block"/>.</param>
    public void Take(ReadOnlySpan<float> leads, int stride, int count)
    {
        var past = _resampler.Taps - 1;
        var length = past + count;
        if (_inputs is null || _inputs.Length < _leads * (past + Block))
            (_inputs, _missing) = (new float[FetalTiming.MostLeads * (past + Block)], new byte[FetalTiming.MostLeads * (past + Block)]);
        for (var l = 0; l < _leads; l++)
        {
            var inputs = _inputs.AsSpan(l * length, length);
            var missing = _missing.AsSpan(l * length, length);
            _before.AsSpan(l * past, past).CopyTo(inputs);
            _missingBefore.AsSpan(l * past, past).CopyTo(missing);
            Hold(l, leads.Slice(l * stride, count), inputs[past..], missing[past..]);
            inputs[count..].CopyTo(_before.AsSpan(l * past));
            missing[count..].CopyTo(_missingBefore.AsSpan(l * past));
        }
        Resample(_inputs, _missing, length, count);
        _taken += count;
    }

    /// <summary>Makes the samples whose filter reaches beyond the last one taken, as if that went on.</summary>
    public void Finish()
    {
        Span<float> last = stackalloc float[_leads];
        for (var left = _resampler.Half + 1; left > 0; left--)
        {
            for (var l = 0; l < _leads; l++)
                last[l] = _run[l] >= _hole ? float.NaN : _held[l] + _offset[l];
            Take(last, 1, 1);
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_before);
        Array.Clear(_missingBefore);
        Array.Clear(_held);
        Array.Clear(_offset);
        Array.Clear(_delays);
        Array.Clear(_samples);
        Array.Clear(_valid);
        Array.Fill(_run, _hole);
        Array.Clear(_still);
        Array.Fill(_invalidUntil, double.NegativeInfinity);
        _taken = _count = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Count(ref _taken);
        state.Count(ref _count);
        state.Values<float>(_before);
        state.Values<byte>(_missingBefore);
        state.Values<float>(_held);
        state.Values<float>(_offset);
        state.Values<int>(_run);
        state.Values<int>(_still);
        state.Values<double>(_invalidUntil);
        foreach (ref var delays in _delays.AsSpan())
            delays.Transfer(state);
        for (var l = 0; l < _leads; l++)
            state.Part(_samples.AsSpan(l * Most, Length));
        state.Part(_valid.AsSpan(0, Length));
        CheckPlace(state);
    }

    private void CheckPlace(StateTransfer state)
    {
        var next = _resampler.FirstOf(_count, out _) + _resampler.Taps;
        state.Check(next > _taken && next <= _taken + _resampler.Taps, $"sample {_count} is next after {_taken}");
    }

    private void Hold(int lead, ReadOnlySpan<float> samples, Span<float> held, Span<byte> missing)
    {
        var (value, offset, run, still) = (_held[lead], _offset[lead], _run[lead], _still[lead]);
        for (var i = 0; i < samples.Length; i++)
        {
            if (MathF.Abs(samples[i]) < Impossible)
            {
                var isEqual = samples[i] - offset == value;
                if (run >= _hole || (still >= _stillRun && !isEqual))
                    offset = samples[i] - value;
                run = 0;
                still = isEqual ? Math.Min(still + 1, _stillRun) : 0;
                value = samples[i] - offset;
            }
            else
                run = Math.Min(run + 1, _hole);
            held[i] = value;
            missing[i] = run >= _hole ? Hole : still >= _stillRun ? Still : (byte)0;
        }
        (_held[lead], _offset[lead], _run[lead], _still[lead]) = (value, offset, run, still);
    }

    private void Resample(ReadOnlySpan<float> inputs, ReadOnlySpan<byte> missing, int length, int count)
    {
        var start = _taken - (_resampler.Taps - 1);         // index of inputs[0]
        var made = 0;
        while (_resampler.FirstOf(_count + made, out _) + _resampler.Taps <= _taken + count)
            made++;
        var kept = MakeRoom(made);
        for (var l = 0; l < _leads; l++)
        {
            var lead = inputs.Slice(l * length, length);
            var flags = missing.Slice(l * length, length);
            var seen = _count == 0 ? 0 : (int)(_resampler.FirstOf(_count - 1, out _) + _resampler.Taps - start);
            for (var n = 0; n < made; n++)
            {
                var from = (int)(_resampler.FirstOf(_count + n, out var phase) - start);
                var end = from + _resampler.Taps;
                for (; seen < end; seen++)
                {
                    if (flags[seen] == 0)
                        continue;
                    _invalidUntil[l] = start + seen + _distrust;
                    if (flags[seen] == Still && seen > 0 && flags[seen - 1] == 0)
                        TakeBack(l, kept + n);
                }
                var value = (float)HighPass.Next(_resampler.Next(lead[from..], phase), ref _delays[l]);
                var isValid = start + from + _resampler.Half > _invalidUntil[l];
                var at = kept + n;
                _samples[l * Most + at] = isValid ? value : 0;
                _valid[at] = (byte)(isValid ? _valid[at] | 1 << l : _valid[at] & ~(1 << l));
            }
        }
        _count += made;
    }

    /// <summary>The samples of a lead just before one that is made now are not valid.</summary>
    private void TakeBack(int lead, int before)
    {
        for (var at = Math.Max(0, before - BeforeStill); at < before; at++)
        {
            _samples[lead * Most + at] = 0;
            _valid[at] = (byte)(_valid[at] & ~(1 << lead));
        }
    }

    /// <summary>Drops the oldest samples, so that there is a place for new ones; how many stay.</summary>
    private int MakeRoom(int made)
    {
        var length = Length;
        var excess = Math.Max(0, length + made - Most);
        if (excess == 0)
            return length;
        for (var l = 0; l < _leads; l++)
            _samples.AsSpan(l * Most + excess, length - excess).CopyTo(_samples.AsSpan(l * Most));
        _valid.AsSpan(excess, length - excess).CopyTo(_valid);
        return length - excess;
    }
}
