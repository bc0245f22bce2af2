using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// The wire form of <see cref="IWireMessage"/>: JSON under a manifest of ours. Which type is read follows from the manifest by the table
/// here, never from a type's name in the message. A version of a message that cannot be read by older programs gets a new manifest.
/// </summary>
internal sealed class ClusterMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private static readonly Dictionary<string, Type> Types = new()
    {
        ["shard?"] = typeof(ShardProbe),
        ["shard!"] = typeof(ShardAnswer),
        ["cluster?"] = typeof(FormationQuestion),
        ["cluster!"] = typeof(FormationAnswer),
        ["patient?"] = typeof(PatientQuestion),
        ["patient!"] = typeof(PatientAnswer),
        ["patients?"] = typeof(PatientsQuestion),
        ["patients!"] = typeof(PatientsAnswer),
        ["places."] = typeof(PatientsHeld),
        ["status?"] = typeof(StatusQuestion),
        ["status!"] = typeof(StatusAnswer),
        ["samples?"] = typeof(SamplesWanted),
        ["samples."] = typeof(SamplesUnwanted),
        ["samples!"] = typeof(LiveSamples),
    };

    private static readonly Dictionary<Type, string> Manifests = Types.ToDictionary(entry => entry.Value, entry => entry.Key);

    private static readonly JsonSerializerOptions Json = new()
    {
        Converters = { new AddressConverter() },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Its number on the wire; never changed.</summary>
    public override int Identifier => 8_201;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType(), Json);

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The manifest is not known, or the bytes are not its message.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!Types.TryGetValue(manifest, out var type))
            throw new SerializationException($"A message with manifest '{manifest}' came from another process: it runs another version.");
        try
        {
            return JsonSerializer.Deserialize(bytes, type, Json) ?? throw new SerializationException($"A message with manifest '{manifest}' is empty.");
        }
        catch (JsonException fault)
        {
            throw new SerializationException($"A message with manifest '{manifest}' cannot be read: {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public override string Manifest(object o) => Manifests.TryGetValue(o.GetType(), out var manifest)
        ? manifest
        : throw new SerializationException($"{o.GetType().Name} has no manifest: add it to {nameof(ClusterMessageSerializer)}.");

    private sealed class AddressConverter : JsonConverter<Address>
    {
        public override Address Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString() is { } text && ActorPath.TryParseAddress(text, out var address) ? address : throw new JsonException("an address is wanted, akka.tcp://NAME@HOST:PORT");

        public override void Write(Utf8JsonWriter writer, Address value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}

/// <summary>
/// Stands in for the serializers of Akka that make objects of types which the sender names (Newtonsoft's, remote deployment's, bare
/// Protobuf's): it refuses both ways.
/// </summary>
internal abstract class RefusingSerializer(ExtendedActorSystem system) : Serializer(system)
{
    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    /// <exception cref="SerializationException">Always.</exception>
    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} is no message between processes.");

    /// <inheritdoc/>
    /// <exception cref="SerializationException">Always.</exception>
    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException("A message of a kind that is not taken from other processes.");
}

/// <summary>In the place of Newtonsoft's JSON.</summary>
internal sealed class RefusingJson : RefusingSerializer
{
    /// <summary>As Akka calls it, with the settings of the serializer that it was.</summary>
    public RefusingJson(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => 1;
}

/// <summary>In the place of bare Protobuf messages.</summary>
internal sealed class RefusingProtobuf(ExtendedActorSystem system) : RefusingSerializer(system)
{
    /// <inheritdoc/>
    public override int Identifier => 2;
}

/// <summary>In the place of actors that another process starts here.</summary>
internal sealed class RefusingDeployment(ExtendedActorSystem system) : RefusingSerializer(system)
{
    /// <inheritdoc/>
    public override int Identifier => 3;
}
