using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// Whether the form of a beat comes again: its likeness to the two beats before it, in all leads. The beats of a ventricular tachycardia are like each other, or every second one is (bidirectional);
/// what noise makes of beats is not. State: 50 bytes a lead.
/// </summary>
internal sealed class BeatRepeat
{
    private const int Kept = 2;
    private const int First = 20, Step = 2, Points = 21;    // of a cut: from −133 ms on, 60 points a second to 200 ms
    private const int MostShift = 4;                        // points of a cut, 8 ms each
    private const float MostSizes = 0.5f;                   // logarithm of the sizes' ratio: a beat of another size is another one
    private const float Tiny = 1e-6f;

    private readonly int _leads;
    private readonly sbyte[] _points;               // [Kept, the newest first, x leads x Points], straight lines taken away, parts of the greatest
    private readonly float[] _sizes;                // [Kept x leads]: square root of the sum of squares, in the lead's unit; 0: the lead is not there

    public BeatRepeat(int leads) => (_leads, _points, _sizes) = (leads, new sbyte[Kept * leads * Points], new float[Kept * leads]);

    /// <summary>Greatest correlation, −1 to 1, of the beat with one of the two before it that is about as large, at the best shift; −1 where there is none.</summary>
    public float Of(BeatCut cut)
    {
        Span<float> mine = stackalloc float[Points];
        Span<float> other = stackalloc float[Points];
        var best = -1f;
        for (var k = 0; k < Kept; k++)
            for (var shift = -MostShift; shift <= MostShift; shift++)
            {
                var (product, weights, own, others) = (0f, 0f, 0f, 0f);
                for (var l = 0; l < _leads; l++)
                {
                    var otherSize = _sizes[k * _leads + l];
                    if (otherSize <= 0 || (cut.Leads >> l & 1) == 0)
                        continue;
                    Take(cut[l], shift, mine);
                    TensorPrimitives.ConvertChecked<sbyte, float>(_points.AsSpan((k * _leads + l) * Points, Points), other);
                    var size = TensorPrimitives.Norm<float>(mine);
                    product += TensorPrimitives.Dot<float>(mine, other) * otherSize / (TensorPrimitives.Norm<float>(other) + Tiny);
                    weights += size * otherSize;
                    own += size;
                    others += otherSize;
                }
                if (weights > 0 && Math.Abs(MathF.Log((own + Tiny) / (others + Tiny))) < MostSizes)
                    best = Math.Max(best, product / weights);
            }
        return best;
    }

    /// <summary>Keeps a beat for the next ones.</summary>
    public void Learn(BeatCut cut)
    {
        Span<float> mine = stackalloc float[Points];
        _points.AsSpan(0, _leads * Points).CopyTo(_points.AsSpan(_leads * Points));
        _sizes.AsSpan(0, _leads).CopyTo(_sizes.AsSpan(_leads));
        for (var l = 0; l < _leads; l++)
        {
            _sizes[l] = 0;
            if ((cut.Leads >> l & 1) == 0)
                continue;
            Take(cut[l], 0, mine);
            _sizes[l] = TensorPrimitives.Norm<float>(mine);
            TensorPrimitives.Multiply(mine, sbyte.MaxValue / (Math.Abs(TensorPrimitives.MaxMagnitude<float>(mine)) + Tiny), mine);
            TensorPrimitives.ConvertSaturating<float, sbyte>(mine, _points.AsSpan(l * Points, Points));
        }
    }

    /// <summary>Samples are missing: there is no beat before the next one.</summary>
    public void Break() => Array.Clear(_sizes);

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<sbyte>(_points);
        state.Values<float>(_sizes);
    }

    /// <summary>A beat's points less the straight line through them: a baseline that wanders is in no form.</summary>
    private static void Take(ReadOnlySpan<float> cut, int shift, Span<float> points)
    {
        const float Middle = (Points - 1) / 2f, Spread = Points * (Points * Points - 1) / 12f;
        var (mean, slope) = (0f, 0f);
        for (var i = 0; i < Points; i++)
        {
            points[i] = cut[First + i * Step + shift];
            mean += points[i] / Points;
            slope += (i - Middle) * points[i] / Spread;
        }
        for (var i = 0; i < Points; i++)
            points[i] -= mean + (i - Middle) * slope;
    }
}
