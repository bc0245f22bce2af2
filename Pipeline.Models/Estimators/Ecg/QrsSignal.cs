namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What the parts of one QRS detector share: the leads with their templates and weights, the beat strength over all leads, and the rhythm
/// of the beats accepted so far.
/// </summary>
internal sealed class QrsSignal
{
    private const float FlatMillivolt = 0.004f;

    /// <param name="rateHz">Samples per second, 100 to 500.</param>
    /// <param name="millivolts">One millivolt in the unit of each lead; 0 where it is not known.</param>
    public QrsSignal(double rateHz, ReadOnlySpan<float> millivolts)
    {
        Timing = QrsTiming.At(rateHz);
        Leads = new QrsLead[millivolts.Length];
        Shapes = new QrsShape[millivolts.Length];
        for (var l = 0; l < Leads.Length; l++)
        {
            Leads[l] = new QrsLead(Timing, FlatMillivolt * millivolts[l]);
            Shapes[l] = new QrsShape(Timing);
        }
        Weights = new float[Leads.Length];
        Strength = new QrsStrength(Timing.StrengthReach);
        Rhythm = new QrsRhythm(rateHz);
    }

    /// <summary>Lengths in samples.</summary>
    public QrsTiming Timing { get; }

    /// <summary>[leads]</summary>
    public QrsLead[] Leads { get; }

    /// <summary>[leads], templates of the beats of each.</summary>
    public QrsShape[] Shapes { get; }

    /// <summary>[leads], sum 1; 0 for a lead that is silent or missing. All 0 before the first levels.</summary>
    public float[] Weights { get; }

    /// <summary>Sum over the leads of their envelope over their beat level, weighted.</summary>
    public QrsStrength Strength { get; }

    /// <summary>Beats so far.</summary>
    public QrsRhythm Rhythm { get; }
}
