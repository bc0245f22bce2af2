using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What the usual beat of one lead looks like, and how large the beats are, when only the baseline is taken away: an early wide beat and
/// the T wave of a usual one are alike in the band in which beats are looked for, but not here. 15 points over ±270 ms.
/// </summary>
internal sealed class QrsSlowShape
{
    /// <summary>Points of a wave.</summary>
    public const int Points = 15;

    private const float Limit = 3;
    private readonly QrsTiming _timing;
    private readonly float[] _now = new float[Points];
    private readonly float[] _usual = new float[Points];
    private int _usualCount, _count;
    private float _level;

    public QrsSlowShape(QrsTiming timing) => _timing = timing;

    /// <summary>What was last seen.</summary>
    public ReadOnlySpan<float> Seen => _now;

    /// <summary>Its largest absolute value.</summary>
    public float Size { get; private set; }

    /// <summary>Its correlation with the usual beat, −1 to 1; 0 without one.</summary>
    public float UsualMatch
    {
        get
        {
            var energy = TensorPrimitives.SumOfSquares<float>(_usual) * TensorPrimitives.SumOfSquares<float>(_now);
            return energy > 0 ? TensorPrimitives.Dot<float>(_now, _usual) / MathF.Sqrt(energy) : 0;
        }
    }

    /// <summary>Logarithm of its size over that of the last beats, ±3; 0 before the first.</summary>
    public float AgainstBeats => _level > 0 && Size > 0 ? Math.Clamp(MathF.Log(Size / _level), -Limit, Limit) : 0;

    /// <summary>Takes the wave around <paramref name="at"/>.</summary>
    public void See(QrsLead lead, long at)
    {
        QrsBaseline.Remove(_timing, lead, at, _now);
        Size = Math.Abs(TensorPrimitives.MaxMagnitude<float>(_now));
    }

    /// <summary>Learns what was last seen as a beat, whose shape counts where it is the <paramref name="usual"/> one.</summary>
    public void Learn(bool usual)
    {
        _level += Math.Max(1f / ++_count, 1 / 8f) * (Size - _level);
        if (!usual)
            return;
        var rate = Math.Max(1f / ++_usualCount, 1 / 8f);
        for (var i = 0; i < Points; i++)
            _usual[i] += rate * (_now[i] - _usual[i]);
    }

    /// <summary>All that changes and outlives a decision: what was last seen is seen again before it is learnt.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_usual);
        state.Within(ref _usualCount, 0, int.MaxValue - 1);
        state.Within(ref _count, 0, int.MaxValue - 1);
        state.Value(ref _level);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_usual);
        _usualCount = _count = 0;
        _level = 0;
    }
}
