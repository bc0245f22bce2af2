using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>
/// A fetal heart rate trace in cells of one second (mean rate) and epochs of 3.75 s (mean pulse interval; sixteen a minute), as far back as
/// the longest deceleration and the delay of the analysis ask for. Cell c holds the samples i with ⌊i / rate⌋ = c; below 1 Hz a sample
/// stands for all seconds until the next. NaN: no usable sample, in an epoch not half of them. Nothing is filled.
/// </summary>
internal sealed class FhrCells(double rateHz)
{
    /// <summary>Cells that are kept: 17 min.</summary>
    public const int Kept = 1024;

    /// <summary>Length of an epoch, seconds (Dawes, Moulden, Redman 1991, doi:10.1515/jpme.1991.19.1-2.47).</summary>
    public const double EpochSeconds = 3.75;

    private const int EpochsKept = 288;             // 18 min
    private const int LossCells = 600;
    private const int Whole = 1000;
    private const double Forgiven = 1e-6;           // of a cell, for rates that are not whole

    private readonly float[] _rates = new float[Kept];
    private readonly short[] _usable = new short[Kept];     // part of the samples, thousandths
    private readonly short[] _there = new short[Kept];
    private readonly float[] _epochs = new float[EpochsKept];
    private long _index, _cell, _epoch;             // samples taken; the cell and the epoch that are being filled
    private double _sum, _intervals;
    private int _count, _usableCount, _thereCount, _epochCount, _epochUsable;
    private FhrSample _held = new(false, float.NaN);
    private long _usableSum, _thereSum;             // of the last ten minutes

    /// <summary>Cells that are complete.</summary>
    public long Count => _cell;

    /// <summary>Rate in a complete cell that is kept, beats per minute; NaN.</summary>
    public float this[long cell] => cell < 0 ? float.NaN : _rates[cell % Kept];

    /// <summary>Mean pulse interval of a complete epoch that is kept, milliseconds; NaN.</summary>
    public float Epoch(long epoch) => _epochs[epoch % EpochsKept];

    /// <summary>Part of the samples of the last ten minutes, or since the beginning, that were usable; 0 before the first.</summary>
    public double UsablePart => _cell == 0 ? 0 : (double)_usableSum / (Whole * Math.Min(_cell, LossCells));

    /// <summary>Part of the samples of the last ten minutes that the monitor gave a rate in, artefacts included.</summary>
    public double TherePart => _cell == 0 ? 0 : (double)_thereSum / (Whole * Math.Min(_cell, LossCells));

    /// <summary>Mean of the usable cells within 2 s of <paramref name="cell"/>, itself included; NaN when there is none.</summary>
    public float Smooth(long cell)
    {
        var (sum, count) = (0f, 0);
        for (var at = Math.Max(0, cell - 2); at <= Math.Min(_cell - 1, cell + 2); at++)
            if (this[at] is var rate && !float.IsNaN(rate))
                (sum, count) = (sum + rate, count + 1);
        return count == 0 ? float.NaN : sum / count;
    }

    /// <summary>Takes the next sample.</summary>
    public void Take(in FhrSample sample)
    {
        var seconds = _index++ / rateHz + Forgiven;
        for (var cell = (long)seconds; _cell < cell;)
            CompleteCell();
        for (var epoch = (long)(seconds / EpochSeconds); _epoch < epoch;)
            CompleteEpoch();
        _held = sample;
        AddToCell(sample);
        AddToEpoch(sample);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_rates);
        Array.Clear(_usable);
        Array.Clear(_there);
        Array.Clear(_epochs);
        (_index, _cell, _epoch, _sum, _intervals, _usableSum, _thereSum) = (0, 0, 0, 0, 0, 0, 0);
        (_count, _usableCount, _thereCount, _epochCount, _epochUsable, _held) = (0, 0, 0, 0, 0, new(false, float.NaN));
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_rates);
        state.Values<short>(_usable);
        state.Values<short>(_there);
        state.Values<float>(_epochs);
        state.Count(ref _index);
        state.Count(ref _cell);
        state.Count(ref _epoch);
        state.Value(ref _sum);
        state.Value(ref _intervals);
        state.Within(ref _count, 0, int.MaxValue);
        state.Within(ref _usableCount, 0, _count);
        state.Within(ref _thereCount, 0, _count);
        state.Within(ref _epochCount, 0, int.MaxValue);
        state.Within(ref _epochUsable, 0, _epochCount);
        var (isThere, rate) = _held;
        state.Value(ref isThere);
        state.Value(ref rate);
        _held = new FhrSample(isThere, rate);
        state.Count(ref _usableSum);
        state.Count(ref _thereSum);
    }

    private void AddToCell(in FhrSample sample)
    {
        _count++;
        _thereCount += sample.IsThere ? 1 : 0;
        if (float.IsNaN(sample.Rate))
            return;
        _usableCount++;
        _sum += sample.Rate;
    }

    private void AddToEpoch(in FhrSample sample)
    {
        _epochCount++;
        if (float.IsNaN(sample.Rate))
            return;
        _epochUsable++;
        _intervals += 60_000 / sample.Rate;
    }

    private void CompleteCell()
    {
        if (_count == 0 && _cell > 0)       // slower than 1 Hz: the sample before lasts
            AddToCell(_held);
        var slot = (int)(_cell % Kept);
        _rates[slot] = _usableCount == 0 ? float.NaN : (float)(_sum / _usableCount);
        (_usable[slot], _there[slot]) = (Part(_usableCount), Part(_thereCount));
        _usableSum += _usable[slot];
        _thereSum += _there[slot];
        if (_cell >= LossCells)
        {
            var left = (int)((_cell - LossCells) % Kept);
            _usableSum -= _usable[left];
            _thereSum -= _there[left];
        }
        _cell++;
        (_sum, _count, _usableCount, _thereCount) = (0, 0, 0, 0);
    }

    private short Part(int count) => (short)(_count == 0 ? 0 : count * Whole / _count);

    private void CompleteEpoch()
    {
        if (_epochCount == 0 && _epoch > 0)
            AddToEpoch(_held);
        _epochs[_epoch % EpochsKept] = _epochCount == 0 || 2 * _epochUsable < _epochCount ? float.NaN : (float)(_intervals / _epochUsable);
        _epoch++;
        (_intervals, _epochCount, _epochUsable) = (0, 0, 0);
    }
}
