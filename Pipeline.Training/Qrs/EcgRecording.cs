namespace Pipeline.Training.Qrs;

/// <summary>A reference beat.</summary>
/// <param name="Sample">Its sample.</param>
/// <param name="Code">Its WFDB code: 1 normal, 5 ventricular.</param>
public readonly record struct EcgBeat(double Sample, int Code)
{
    /// <summary>Whether it begins in the ventricles or too early: the ones that do not look or come like the others.</summary>
    public bool IsEctopic => Code is >= 4 and <= 11 or 38;

    /// <summary>Whether it is of class N of ANSI/AAMI EC57: normal, bundle branch block, escape beats of the atria and the node.</summary>
    public bool IsNormal => Code is 1 or 2 or 3 or 11 or 25 or 34 or 35;
}

/// <summary>An ECG with its reference beats.</summary>
public sealed record EcgRecording
{
    /// <summary>Name of the record.</summary>
    public required string Name { get; init; }

    /// <summary>Samples per second.</summary>
    public required double RateHz { get; init; }

    /// <summary>[leads][samples], mV; NaN is missing.</summary>
    public required float[][] Leads { get; init; }

    /// <summary>Reference beats, ascending.</summary>
    public required EcgBeat[] Beats { get; init; }

    /// <summary>Spans of ventricular flutter, in samples: their beats count neither way.</summary>
    public required (double From, double To)[] Flutter { get; init; }

    /// <summary>The rhythm from a sample to before another, by its WFDB name, such as <c>(N</c> or <c>(AFIB</c>; those of the whole recording, in order.</summary>
    public (double From, double To, string Name)[] Rhythms { get; init; } = [];

    /// <summary>Samples of a lead.</summary>
    public int SampleCount => Leads[0].Length;

    /// <summary>The same reference with other samples.</summary>
    public EcgRecording With(params float[][] leads) => this with { Leads = leads };

    /// <summary>The same samples, said to be taken <paramref name="speed"/> times as fast.</summary>
    public EcgRecording Played(double speed) => this with { RateHz = speed * RateHz };

    /// <summary>The samples [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public EcgRecording Cut(int from, int to) => this with
    {
        Leads = Array.ConvertAll(Leads, lead => lead[from..to]),
        Beats = [.. Beats.Where(b => b.Sample >= from && b.Sample < to).Select(b => b with { Sample = b.Sample - from })],
        Flutter = Array.ConvertAll(Flutter, span => (span.From - from, span.To - from)),
        Rhythms = Array.ConvertAll(Rhythms, span => (span.From - from, span.To - from, span.Name)),
    };

    /// <summary>The same signal at another rate, by straight lines between the means of what a sample stands for.</summary>
    public EcgRecording Resampled(double rateHz)
    {
        var ratio = RateHz / rateHz;
        var count = (int)(SampleCount / ratio);
        return this with
        {
            RateHz = rateHz,
            Leads = Array.ConvertAll(Leads, lead => Resample(lead, ratio, count)),
            Beats = Array.ConvertAll(Beats, b => b with { Sample = b.Sample / ratio }),
            Flutter = Array.ConvertAll(Flutter, span => (span.From / ratio, span.To / ratio)),
            Rhythms = Array.ConvertAll(Rhythms, span => (span.From / ratio, span.To / ratio, span.Name)),
        };
    }

    /// <summary>Whether a beat at <paramref name="sample"/> counts.</summary>
    public bool IsScored(double sample) => !Flutter.Any(span => sample >= span.From && sample <= span.To);

    private static float[] Resample(float[] lead, double ratio, int count)
    {
        // Integral of the lead between straight lines; its difference over one new sample is a box as wide as that sample.
        var integral = new double[lead.Length];
        for (var i = 1; i < lead.Length; i++)
            integral[i] = integral[i - 1] + (lead[i - 1] + lead[i]) / 2.0;
        double At(double x)
        {
            var clamped = Math.Clamp(x, 0, lead.Length - 1.000001);
            var i = (int)clamped;
            var part = clamped - i;
            return integral[i] + part * (lead[i] + part * (lead[i + 1] - lead[i]) / 2.0);
        }
        var resampled = new float[count];
        for (var i = 0; i < count; i++)
        {
            var (from, to) = (Math.Max(0, (i - 0.5) * ratio), Math.Min(lead.Length - 1.000001, (i + 0.5) * ratio));
            resampled[i] = (float)((At(to) - At(from)) / (to - from));
        }
        return resampled;
    }
}
