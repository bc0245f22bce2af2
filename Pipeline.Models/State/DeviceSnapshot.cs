using Pipeline.Models.Signals;

namespace Pipeline.Models.State;

/// <summary>The state of one part of a stream, as bytes that only this part understands.</summary>
/// <param name="Name">Which part: <see cref="Stream"/>, or a stage's <see cref="Estimators.IWindowStage.StateName"/>.</param>
/// <param name="Version">Version of the bytes, from 1; a program reads its own and older ones.</param>
/// <param name="Model">The network whose state is in the bytes, by name and version; empty where there is none.</param>
/// <param name="Bytes">The bytes; not changed any more.</param>
public readonly record struct StateBlock(string Name, int Version, string Model, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Name of the block that holds windower and event time.</summary>
    public const string Stream = "stream";

    /// <summary>Name of the block that holds the recurrent state of the network that estimates heart rate from PPG.</summary>
    public const string RateNetwork = "rate-network";

    /// <summary>The same of the network that estimates the fetal heart rate from abdominal leads.</summary>
    public const string FetalNetwork = "fetal-network";

    /// <summary>The same of the autoencoder of an ECG's beats.</summary>
    public const string EcgAutoencoder = "ecg-autoencoder";

    /// <summary>Whether a name is that of a network's recurrent state, which the patient's actor holds and no stage does.</summary>
    internal static bool IsOfNetwork(string name) => name is RateNetwork or FetalNetwork or EcgAutoencoder;
}

/// <summary>All of one epoch of one device, between two chunks: what <see cref="DeviceStream"/> needs to go on as if nothing had
/// happened.</summary>
/// <param name="Device">The device.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="RateHz">Samples per second and channel.</param>
/// <param name="Format">How its samples are stored.</param>
/// <param name="Channels">Its channels.</param>
/// <param name="Shape">The windows; a program that is set to others cannot go on from here.</param>
/// <param name="Blocks">Windower and event time first, then the stages in their order.</param>
public sealed record DeviceSnapshot(
    string Device, long Epoch, double RateHz, SampleFormat Format, ChannelLayout Channels, WindowShape Shape, IReadOnlyList<StateBlock> Blocks)
{
    /// <summary>A chunk without samples of this stream: from it a factory makes the stages again.</summary>
    public SampleChunk EmptyChunk(PatientId patient) => SampleChunk.Empty(patient, Device, Epoch, RateHz, Channels, Format);
}
