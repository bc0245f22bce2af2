using Pipeline.Models.Packages;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// An LSTM autoencoder of an ECG's beats. A row of input is up to eight beats in up to two leads (<see cref="BeatRow"/>), one of output the reconstruction error, denoised wave and
/// encoding of each of them; the state goes from beat to beat.
/// </summary>
public sealed class EcgAutoencoder : RecurrentModel
{
    /// <summary>What a package for this says in <c>task</c>.</summary>
    public const string Task = "ecg_autoencoder";

    /// <summary>Checks that <paramref name="package"/> is an autoencoder for this program's description of beats, and opens a session.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message names both sides.</exception>
    public EcgAutoencoder(ModelPackage package)
        : base(package, Task, BeatRow.Name, BeatRow.InputLength, BeatRow.OutputLength)
    {
    }

    /// <summary>Whether answers carry each beat's denoised waves, for those who write them; else only its scores and encoding.</summary>
    public bool KeepsWaves { get; init; }

    /// <inheritdoc/>
    public override string StateBlock => State.StateBlock.EcgAutoencoder;
}
