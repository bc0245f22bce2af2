namespace Pipeline.Models.Estimators.Beats;

/// <summary>How the beats of a window are laid out for an <see cref="EcgAutoencoder"/>: row-major [leads x slots x numbers], slots filled from the first on.</summary>
public static class BeatRow
{
    /// <summary>Name of this description, as packages have it.</summary>
    public const string Name = "ecg-beats-1";

    /// <summary>Leads of a row; where a device has one the second is zeros.</summary>
    public const int Leads = 2;

    /// <summary>Beats of a row.</summary>
    public const int Slots = 8;

    /// <summary>Points of a beat, at 120 Hz from 0.3 s before its R peak on.</summary>
    public const int Points = BeatCut.Points;

    /// <summary>Numbers of a beat in a lead: 1 where it is there; its size and how early it comes, logarithms; its points, without their mean, in units of the lead's usual QRS complex.</summary>
    public const int InputNumbers = 3 + Points;

    /// <summary>Numbers of an encoding.</summary>
    public const int EncodingLength = 12;

    /// <summary>Numbers of the answer: mean squared error of the whole beat and of its QRS complex, the denoised wave, the encoding.</summary>
    public const int OutputNumbers = 2 + Points + EncodingLength;

    /// <summary>Floats at the end of a lead's state that the network hands on as they are: the mean logarithm of the error, and how many beats it is of.</summary>
    public const int OwnNumbers = 2;

    /// <summary>Floats of a row of input.</summary>
    public const int InputLength = Leads * Slots * InputNumbers;

    /// <summary>Floats of a row of output.</summary>
    public const int OutputLength = Leads * Slots * OutputNumbers;

    /// <summary>The input of a beat in a lead.</summary>
    public static Span<float> Input(Span<float> row, int lead, int slot) => row.Slice((lead * Slots + slot) * InputNumbers, InputNumbers);

    /// <summary>What is answered about a beat in a lead.</summary>
    public static ReadOnlySpan<float> Output(ReadOnlySpan<float> row, int lead, int slot) => row.Slice((lead * Slots + slot) * OutputNumbers, OutputNumbers);

    /// <summary>What is handed on with the state of a lead.</summary>
    public static Span<float> Own(Span<float> state, int lead) => state.Slice((lead + 1) * (state.Length / Leads) - OwnNumbers, OwnNumbers);
}
