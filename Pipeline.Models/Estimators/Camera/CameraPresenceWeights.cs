using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Models.Estimators.Camera;

/// <summary>
/// Log-odds of a pulse in a camera's trace from <see cref="PpgPresenceFeatures"/>, where the colours' numbers
/// (<see cref="CameraTraces.TryDescribe"/>) stand in place of the accelerometer's: a network of the form of <see cref="PpgPresenceWeights"/>.
/// <c>./pipeline bench accuracy-camera --fit</c> prints weights in this form; where these come from: docs/estimators.md.
/// </summary>
internal static class CameraPresenceWeights
{
    /// <summary>Log-odds of <paramref name="features"/>, <see cref="PpgPresenceFeatures.Count"/> numbers.</summary>
    public static double LogOdds(ReadOnlySpan<float> features) => PpgPresenceWeights.LogOdds(features, Weights, Offset) - Margin;

    /// <summary>Log-odds that are taken off a fit's, in which pulses count as much as all else: a camera sees far more that is no
    /// pulse.</summary>
    public const double Margin = 1;

    private const double Offset = -3.357;

    /// <summary>[units x (features, offset of the unit, its weight)]</summary>
    private static ReadOnlySpan<float> Weights =>
    [
        -0.09323f, -0.09349f, 0.1962f, 0.1964f, 0.02065f, 0.02271f, -1.684f, -1.683f, 0.9668f, 0.9665f, 0.5127f, 0.5061f, -5.887f,
        -1.07f, -1.07f, 2.255f, 2.256f, 0.09512f, -0.2928f, -0.01459f, -5.292f, -3.745f, -1.172f, -1.107f, -0.4537f, 0.08962f,
        -0.413f, -0.3463f, -0.8163f, 5.475f, -2.924f,
        -0.5527f, -0.559f, 0.121f, 0.1147f, 4.475f, 4.472f, -0.02206f, 0.04186f, 0.7168f, 0.7447f, -0.7076f, -0.5917f, 0.4616f,
        0.03392f, 0.004757f, -1.552f, -1.508f, 0.0442f, -0.9696f, 0.06137f, -7.368f, -4.614f, -1.358f, 3.365f, 0.7925f, -3.043f,
        0.9573f, -1.748f, -4.024f, -0.9299f, -2.792f,
        -0.6112f, -0.6136f, 0.6773f, 0.6884f, 3.971f, 3.976f, -0.4018f, -0.3941f, -2.128f, -2.127f, -0.5096f, -0.5058f, 0.6807f,
        -1.32f, -1.298f, 1.86f, 1.875f, 1.332f, 0.2382f, 0.1568f, 3.646f, -1.594f, -2.43f, 1.179f, 0.6012f, -2.224f, -0.1558f,
        -3.585f, 1.597f, -3.325f, 4.129f,
        -0.2124f, -0.2125f, 0.2674f, 0.2674f, 1.692f, 1.693f, -2.096f, -2.095f, -1.353f, -1.354f, -3.483f, -3.482f, 2.578f,
        2.679f, 2.681f, -0.01602f, -0.01604f, -0.03198f, -0.6615f, 0.07835f, 8.528f, 1.437f, -0.6341f, 2.277f, 0.6278f, 4.255f,
        0.1607f, -1.606f, -2.222f, -0.6251f, -2.179f,
        0.4155f, 0.415f, -0.1349f, -0.1348f, 0.3524f, 0.3606f, -2.099f, -2.116f, -1.682f, -1.696f, 1.071f, 1.085f, -2.913f,
        0.4499f, 0.4305f, -0.4936f, -0.485f, -0.01801f, 0.8227f, 0.9947f, -0.4272f, -2.333f, 1.178f, 0.7341f, 0.2198f, -3.683f,
        0.4358f, 3.392f, -2.099f, -0.5815f, 3.047f,
        0.931f, 0.931f, -0.6465f, -0.6465f, 0.2809f, 0.2811f, 1.322f, 1.322f, -1.661f, -1.661f, -2.795f, -2.795f, 4.488f, -1.567f,
        -1.567f, 1.224f, 1.225f, 0.1742f, -0.05278f, 0.3833f, 2.969f, -2.503f, -1.666f, 0.3612f, 4.292f, -2.209f, 1.299f,
        0.003119f, 3.952f, -18.59f, -4.285f,
        0.5098f, 0.5094f, 0.5912f, 0.5774f, -0.2348f, -0.172f, 0.2937f, 0.3013f, 0.06033f, 0.08233f, -2.14f, -1.91f, -0.9348f,
        -1.012f, -0.9541f, -0.1885f, -0.1087f, 0.1199f, 0.3016f, -0.325f, 4.41f, 0.1493f, -1.186f, 1.033f, -0.9737f, -0.1689f,
        0.006501f, -0.6645f, 13.5f, 2.625f, -2.219f,
        -0.8418f, -0.8413f, 0.5935f, 0.5934f, -3.472f, -3.472f, -1.273f, -1.272f, 3.167f, 3.164f, 1.005f, 1.007f, -0.8166f,
        1.541f, 1.544f, -0.02208f, -0.02074f, 0.1745f, -0.6475f, -0.8744f, 5.979f, -2.15f, 0.5729f, -1.394f, 2.577f, 3.604f,
        -0.2478f, 2.388f, -4.274f, -8.557f, -3.301f,
        0.1812f, 0.18f, -0.7598f, -0.7588f, 0.4746f, 0.4768f, 1.017f, 1.013f, 1.459f, 1.461f, 1.173f, 1.172f, -3.35f, 0.1135f,
        0.1101f, -1.518f, -1.518f, 0.1607f, -0.6242f, 0.02338f, -6.646f, 2.868f, 1.313f, -0.7703f, 1.871f, -0.5014f, 2.009f,
        0.3832f, 3.363f, -7.152f, 2.487f,
        -0.01824f, -0.01851f, -0.03117f, -0.03133f, -4.14f, -4.139f, -0.696f, -0.695f, 2.459f, 2.459f, -2.182f, -2.182f, -0.2096f,
        1.303f, 1.303f, -0.9756f, -0.9707f, 0.0294f, -1.257f, -0.4255f, -2.406f, 2.68f, -1.59f, 0.4057f, 1.903f, 3.621f, -0.6536f,
        -3.084f, -1.612f, -0.1012f, 4.801f,
        0.7186f, 0.7139f, -1.273f, -1.273f, -1.155f, -1.17f, -0.1566f, -0.1457f, 1.603f, 1.603f, 1.851f, 1.835f, -7.072f, 1.203f,
        1.204f, -1.637f, -1.64f, 0.373f, -0.05335f, -0.4591f, -9.66f, -0.02789f, 0.1357f, 1.856f, 0.3809f, -0.0644f, 3.682f,
        -0.02274f, 0.3595f, 1.334f, -3.077f,
        0.131f, 0.131f, 0.45f, 0.45f, 0.8008f, 0.801f, -3.129f, -3.13f, -1.039f, -1.04f, 0.2367f, 0.2396f, 1.223f, -0.3798f,
        -0.3772f, -0.9976f, -0.9977f, 0.1978f, 0.09613f, 0.7034f, 9.904f, 2.054f, -0.2264f, -1.167f, -2.017f, -1.967f, -2.543f,
        1.346f, 1.01f, 7.752f, -2.893f,
    ];
}
