namespace Pipeline.Models.Graph;

/// <summary>How samples between samples are found.</summary>
public enum Interpolation
{
    /// <summary>
    /// On the line between the two neighbours. Waits for one input sample. An output that lies on an input sample is that sample; else it is
    /// missing when either neighbour is. At its end the stream counts as constant. No low-pass: for a lower rate take <see cref="Polyphase"/>.
    /// </summary>
    Linear,

    /// <summary>
    /// By a windowed-sinc low-pass at the lower rate's half (20 x the larger of up and down, plus 1, taps; Kaiser window, beta 5: SciPy's
    /// <c>resample_poly</c>). Waits for 10 samples of the lower rate. Output is missing within that distance of a missing sample; before the
    /// first and after the last sample the stream counts as constant.
    /// </summary>
    Polyphase,
}
