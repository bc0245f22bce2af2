using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Log-odds of a pulse from <see cref="PpgPresenceFeatures"/>: a network of one layer of 12 units (hyperbolic tangent).
/// <c>./pipeline bench accuracy-faults-ppg --fit</c> prints weights in this form; where these come from: docs/estimators.md.
/// </summary>
internal static class PpgPresenceWeights
{
    /// <summary>Units of the layer.</summary>
    public const int Units = 12;

    private const int Stride = PpgPresenceFeatures.Count + 2;

    /// <summary>Log-odds of <paramref name="features"/>, <see cref="PpgPresenceFeatures.Count"/> numbers.</summary>
    public static double LogOdds(ReadOnlySpan<float> features) => LogOdds(features, Weights, Offset);

    /// <summary>The same by other weights, [units x (features, offset of the unit, its weight)].</summary>
    public static double LogOdds(ReadOnlySpan<float> features, ReadOnlySpan<float> units, double offset)
    {
        var sum = offset;
        for (var unit = 0; unit < Units; unit++)
        {
            var weights = units.Slice(unit * Stride, Stride);
            var input = TensorPrimitives.Dot(weights[..^2], features) + weights[^2];
            sum += weights[^1] * Math.Tanh(input);
        }
        return sum;
    }

    private const double Offset = -6.589;

    /// <summary>[units x (features, offset of the unit, its weight)]</summary>
    private static ReadOnlySpan<float> Weights =>
    [
        0.3063f, -0.4826f, 0.4717f, -0.3719f, 0.5138f, 0.9813f, -0.2119f, -1.105f, -0.2702f, -0.6912f, 1.764f, -0.4541f, 0.6957f,
        -0.1545f, 0.895f, -0.2642f, -0.2104f, 0.2073f, -0.1145f, 0.3441f, -3.236f, 1.108f, -0.1896f, -0.7374f, 3.048f, 0.1296f,
        4.071f, 0.4506f, -0.03107f, -1.958f, 2.168f,
        -0.3264f, -0.416f, 0.0576f, 0.07101f, 0.5359f, 2.198f, -1.244f, 2.869f, -0.0332f, 0.2115f, -0.9865f, 0.4515f, 0.2736f,
        -0.6576f, -0.3158f, 0.8051f, 0.09125f, -0.05466f, -0.2137f, 0.254f, 1.166f, 2.598f, 0.1237f, -1.081f, -1.281f, 0.4584f,
        -1.021f, -0.1024f, -1.739f, -2.494f, 2.131f,
        0.4328f, 0.4138f, 0.316f, -0.06694f, 0.6621f, 0.1387f, -0.3722f, -1.934f, -0.2783f, 0.287f, -0.352f, -1.093f, 0.1527f,
        -0.1745f, 0.4217f, -0.03062f, -0.1398f, 0.1946f, -0.3844f, 0.1375f, 0.03046f, 0.1359f, 0.6418f, 2.244f, -18.71f, -0.6938f,
        0.6029f, -0.2984f, 0.29f, -2.112f, -2.209f,
        0.5654f, 0.2494f, 0.1372f, -0.0384f, -0.4699f, -0.7334f, 0.003359f, 1.097f, 0.1508f, -0.6645f, 0.9766f, 2.526f, -0.03073f,
        -0.6711f, -0.4175f, 0.3239f, 0.04337f, -0.1663f, 0.738f, -0.08324f, -1.943f, -0.272f, 0.8054f, -3.199f, -2.338f, 0.9826f,
        -0.5391f, -0.1759f, -0.2114f, -3.128f, 2.031f,
        -0.415f, 0.483f, -0.5815f, -0.1393f, -0.3507f, -0.1112f, 0.6762f, 0.4824f, 0.3376f, 0.166f, 1.155f, -1.109f, -0.4227f,
        -0.6142f, 0.09045f, 0.004662f, -0.05063f, -0.03864f, -0.6663f, -0.01932f, -3.248f, 1.551f, -0.9288f, -3.252f, 6.729f,
        -3.079f, 0.07026f, -0.3264f, -0.4529f, 4.768f, -1.977f,
        0.1217f, -0.4913f, 0.6186f, -0.2549f, 0.5481f, -0.04971f, -1.567f, 1.271f, 0.2061f, 0.2402f, -2.513f, -0.645f, 1.343f,
        -0.15f, -0.515f, 0.03311f, 0.08091f, -0.2722f, -0.2355f, 0.006384f, -0.9078f, -0.1926f, 0.1542f, 0.6296f, -0.6556f,
        -0.2306f, -3.669f, -0.2561f, 1.818f, 4.331f, 2.02f,
        0.1432f, -0.7114f, 0.1345f, -0.05258f, 0.2527f, 0.3142f, -0.2187f, -0.05188f, 0.2014f, -0.7116f, 1.198f, -0.2829f, -0.3819f,
        0.7791f, 0.5086f, 0.06218f, -0.09503f, -0.01111f, 0.8058f, 0.149f, 2.223f, -0.6406f, -1.075f, 0.4761f, -2.312f, -3.38f,
        -0.5931f, 0.1297f, 0.03707f, 2.315f, 2.219f,
        -0.3768f, -0.9533f, -0.2082f, 0.06308f, -0.7502f, 0.4351f, -0.884f, 1.663f, -1.003f, -0.562f, 0.95f, 1.7f, 1.084f, 0.6221f,
        -0.2295f, -0.04898f, -0.01175f, -0.2333f, 0.5436f, 0.06647f, -0.9331f, -1.849f, 0.234f, 1.882f, -0.856f, -1.026f, -1.928f,
        -0.1842f, -0.5296f, 3.556f, 2.154f,
        -0.3353f, 0.24f, -0.3838f, -0.2377f, 0.4806f, -0.333f, 0.04275f, 1.275f, 0.2336f, -0.1906f, -2.407f, -0.3875f, -1.284f,
        -0.1136f, -0.6976f, -0.1554f, 0.1207f, 0.03792f, -0.1068f, -0.109f, 1.83f, -0.7547f, 0.8543f, 1.1f, -0.321f, -0.844f,
        -4.361f, -0.03908f, -0.3805f, 2.787f, -2.195f,
        0.2199f, 0.32f, 0.06658f, -0.1413f, 0.03319f, 0.2795f, -2.287f, -1.697f, 0.1093f, 0.01f, 0.9247f, -0.5984f, -0.6019f,
        0.3247f, 0.647f, 0.3061f, -0.415f, 0.1716f, -0.1499f, 0.02233f, -4.38f, -0.2078f, 0.9679f, -7.325f, -3.143f, -0.1563f,
        -2.646f, -0.1944f, -1.316f, 1.305f, -1.999f,
        0.4703f, 0.3934f, 0.1308f, 0.009739f, -0.04516f, 0.1112f, 1.027f, 1.864f, 0.6207f, 0.3281f, -1.971f, -0.8888f, -1.119f,
        -0.8463f, -2.034f, 0.1709f, -0.0885f, -0.1817f, 0.005211f, 0.02547f, -2.519f, -0.04753f, -0.9387f, 0.8801f, 0.4599f,
        -0.4723f, -1.274f, 0.009011f, 0.3592f, 0.7434f, 1.661f,
        0.6022f, 0.9371f, 0.2756f, 0.3641f, 0.2665f, -0.1555f, -1.478f, 0.7939f, 0.2449f, -0.2474f, -0.9271f, -2.314f, 0.2514f,
        -1.31f, 0.543f, 0.2592f, 0.03095f, -0.07011f, 0.2458f, 0.137f, 0.8647f, -1.013f, 1.027f, -0.473f, 2.621f, -0.8413f, -1.587f,
        -0.1444f, 0.3904f, -1.944f, 2.451f,
    ];
}
