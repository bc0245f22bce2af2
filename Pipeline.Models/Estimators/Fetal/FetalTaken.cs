namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What the classical stage says of a window that a network is asked about.</summary>
/// <param name="Classical">The fetus's estimate.</param>
/// <param name="Mother">The mother's rate, per minute; NaN where it is not known.</param>
/// <param name="Track">The rate of the beats that are taken for the fetus's, per minute, however sure they are; NaN where there are too
/// few.</param>
/// <param name="Leads">Leads in use.</param>
internal readonly record struct FetalTaken(Estimate Classical, double Mother, double Track, int Leads);

/// <summary>Gets the network's input [18 x 85] of a window, and the rest of what would be asked, where no network is asked: to learn
/// from.</summary>
internal sealed class FetalObserved
{
    public float[] Input { get; } = new float[Features.FetalFeatures.InputLength];

    /// <summary>Set with the input; null: in this window nothing was looked for.</summary>
    public FetalTaken? Taken { get; set; }
}
