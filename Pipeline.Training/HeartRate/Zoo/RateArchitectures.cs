namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>An architecture that estimates heart rate from PPG, by name.</summary>
/// <param name="Name">What the user types.</param>
/// <param name="Description">A few words: layers, and what it is after.</param>
/// <param name="Published">A published figure of the architecture it is after, with its protocol; empty where there is none.</param>
/// <param name="Create">Makes an untrained one.</param>
public sealed record NamedArchitecture(string Name, string Description, string Published, Func<RateArchitecture> Create);

/// <summary>The architectures that can be trained and compared.</summary>
public static class RateArchitectures
{
    /// <summary>The one that ships.</summary>
    public const string Default = "heart-rate";

    /// <summary>All of them, the default first. A new one is a class and a line here.</summary>
    public static IReadOnlyList<NamedArchitecture> All { get; } =
    [
        new(Default, "convolutions, LSTM and Bayes filter, rate and trust: the default", "", () => new RateNetwork()),
        new("deep-ppg", "convolutions without memory (after Deep PPG)", "7.65 on PPG-DaLiA, LOSO (Reiss 2019)", () => new DeepPpg()),
        new("cornet", "convolutions and two LSTM layers on the PPG alone (after CorNET)", "1.47 on 22 of SPC's recordings, trained for each person (Biswas 2019)", () => new CorNet()),
        new("cornet-depthwise", "depthwise separable convolutions and a small LSTM (after CorNET)", "", () => new CorNetDepthwise()),
        new("lstm", "two LSTM layers on the spectra", "", () => new SpectraLstm()),
        new("gru", "two GRU layers on the spectra", "", () => new SpectraGru()),
        new("ppgnet", "dilated convolutions and an LSTM (after PPGnet)", "3.36 on SPC train_*, LOSO, PPG alone (Shyam 2019)", () => new PpgNet()),
        new("tcn", "dilated convolutions over windows (after TEMPONet and Q-PPG)", "4.41 on PPG-DaLiA, LOSO, 8 bits (Burrello 2021)", () => new WindowTcn()),
        new("attention", "attention over the last minute's windows", "4.02 on PPG-DaLiA, LOSO (BeliefPPG, Bieri 2023)", () => new WindowAttention()),
    ];
}
