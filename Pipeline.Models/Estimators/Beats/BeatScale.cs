using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>What is usual in a lead: the size of its QRS complexes, and its level. A beat is described in units of that, so neither unit nor gain matters.</summary>
internal struct BeatScale
{
    private const int Slowest = 16, SlowestLevel = 64;      // beats of a running mean
    private const float Tiny = 1e-9f;

    private float _log;
    private float _level;
    private int _count;

    /// <summary>RMS of a usual QRS complex, in the lead's unit; 1 before the first beat.</summary>
    public readonly float Size => MathF.Exp(_log);

    /// <summary>Mean of the lead, in its unit.</summary>
    public readonly float Level => _level;

    /// <summary>Describes a beat (<see cref="BeatRow.InputNumbers"/>), then learns of it.</summary>
    /// <param name="points">Its points, without their mean, in the lead's unit.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="early">How early it comes, a logarithm.</param>
    /// <param name="numbers">The description.</param>
    public void Describe(ReadOnlySpan<float> points, float mean, float early, Span<float> numbers)
    {
        Span<float> qrs = stackalloc float[2 * BeatSection.Qrs.Count];
        points.Slice(2 * BeatSection.Qrs.First, qrs.Length).CopyTo(qrs);
        TensorPrimitives.Subtract(qrs, TensorPrimitives.Sum<float>(qrs) / qrs.Length, qrs);
        var log = 0.5f * MathF.Log(TensorPrimitives.SumOfSquares<float>(qrs) / qrs.Length + Tiny * Tiny);
        if (_count == 0)
            (_log, _level) = (log, mean);
        (numbers[0], numbers[1], numbers[2]) = (1, Math.Clamp(log - _log, -3, 3), early);
        TensorPrimitives.Multiply(points, 1 / Size, numbers[3..]);
        TensorPrimitives.Min(numbers[3..], 30f, numbers[3..]);
        TensorPrimitives.Max(numbers[3..], -30f, numbers[3..]);
        _count = Math.Min(_count + 1, SlowestLevel);
        _log += Math.Clamp(log - _log, -1, 1) / Math.Min(_count, Slowest);
        _level += (mean - _level) / _count;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _log);
        state.Value(ref _level);
        state.Within(ref _count, 0, SlowestLevel);
    }
}

/// <summary>How early beats come: against the mean of the intervals before, a logarithm of −0.8 to 0.8; 0 where nothing is known yet.</summary>
internal struct BeatPace
{
    private const int Slowest = 16;
    private const double Longest = 3;
    private const float Most = 0.8f;

    private double _last;
    private float _seconds;
    private int _count;     // beats of the mean, one more than intervals; 0: none

    /// <summary>Takes the beat at <paramref name="seconds"/>.</summary>
    public float Take(double seconds)
    {
        var interval = (float)(seconds - _last);
        var isInterval = _count > 0 && interval is > 0 and < (float)Longest;
        _last = seconds;
        if (!isInterval)
        {
            _count = Math.Max(_count, 1);
            return 0;
        }
        if (_count == 1)
            _seconds = interval;
        var early = Math.Clamp(MathF.Log(_seconds / interval), -Most, Most);
        _count = Math.Min(_count + 1, Slowest);
        _seconds += (Math.Clamp(interval, _seconds / 2, _seconds * 2) - _seconds) / _count;
        return early;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _last);
        state.Value(ref _seconds);
        state.Within(ref _count, 0, Slowest);
    }
}
