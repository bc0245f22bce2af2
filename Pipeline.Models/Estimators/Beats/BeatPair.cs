using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>A part of a beat, in points of a form from its first on.</summary>
internal readonly record struct BeatSection(int First, int Count)
{
    /// <summary>The QRS complex: −83 to 117 ms.</summary>
    public static readonly BeatSection Qrs = new(13, 13);

    /// <summary>From P to T wave: −250 to 450 ms.</summary>
    public static readonly BeatSection Whole = new(3, 43);

    /// <summary>The P wave: −267 to −83 ms.</summary>
    public static readonly BeatSection Atrial = new(2, 12);

    /// <summary>ST segment and T wave: 133 to 417 ms.</summary>
    public static readonly BeatSection Repolarization = new(26, 18);
}

/// <summary>Two waves of one length, compared.</summary>
/// <param name="Size">RMS of the one.</param>
/// <param name="OtherSize">RMS of the other.</param>
/// <param name="Product">Mean of their product.</param>
/// <param name="Off">RMS of their difference.</param>
internal readonly record struct BeatPair(float Size, float OtherSize, float Product, float Off)
{
    /// <summary>−1 to 1; 0 where one does not move.</summary>
    public float Correlation => Size > 0 && OtherSize > 0 ? Product / (Size * OtherSize) : 0;

    /// <summary>Takes the mean of both away, and compares them.</summary>
    public static BeatPair Of(Span<float> one, Span<float> other)
    {
        TensorPrimitives.Subtract(one, TensorPrimitives.Sum<float>(one) / one.Length, one);
        TensorPrimitives.Subtract(other, TensorPrimitives.Sum<float>(other) / other.Length, other);
        float squares = TensorPrimitives.SumOfSquares<float>(one) / one.Length, otherSquares = TensorPrimitives.SumOfSquares<float>(other) / one.Length;
        var product = TensorPrimitives.Dot<float>(one, other) / one.Length;
        return new BeatPair(MathF.Sqrt(squares), MathF.Sqrt(otherSquares), product, MathF.Sqrt(Math.Max(0, squares + otherSquares - 2 * product)));
    }
}
