namespace Pipeline.Models.Estimators.Beats;

/// <summary>What an autoencoder says of a beat.</summary>
/// <param name="SampleIndex">Its position in the device's epoch, samples.</param>
/// <param name="Error">Logarithm of the RMS of what the reconstruction is off, in units of the lead's usual QRS complex, in the lead where it is least: how unlike everybody's normal beats.</param>
/// <param name="Score">The same less the patient's own usual one: how abnormal for this patient, larger where it is more so, about −1 to 4.</param>
public sealed record EncodedBeat(double SampleIndex, float Error, float Score)
{
    /// <summary>Its position in the device's epoch, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>The encoding in the first lead that is there, [<see cref="BeatRow.EncodingLength"/>].</summary>
    public IReadOnlyList<float> Encoding { get; init; } = [];

    /// <summary>The denoised wave of each lead, [<see cref="BeatRow.Points"/>] in the lead's unit, null where the lead is not there; empty where they are not kept.</summary>
    public IReadOnlyList<float[]?> Waves { get; init; } = [];
}
