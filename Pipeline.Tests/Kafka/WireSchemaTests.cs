using System.Text;
using Google.Protobuf.Reflection;
using Pipeline.Host.Wire.V1;
using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>The wire form is a public interface: a change shows as a difference to Golden/kafka/wire-schema.txt, which is approved by hand.</summary>
public sealed class WireSchemaTests
{
    [Fact]
    public void The_schema_is_the_approved_one()
    {
        var approved = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", "kafka", "wire-schema.txt"));
        var found = Render().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var difference = approved.Except(found).Select(line => "- " + line).Concat(found.Except(approved).Select(line => "+ " + line)).ToArray();

        Assert.True(approved.SequenceEqual(found),
            $"The wire form has changed. Readers of the old form break if a number or type changed; a new field is fine. If it is meant, "
            + $"take it into Golden/kafka/wire-schema.txt:\n{string.Join('\n', difference)}\n\nWhole:\n{string.Join('\n', found)}");
    }

    [Fact]
    public void The_numbers_of_the_enumerations_are_those_of_the_model()
    {
        Assert.Equal(Enum.GetValues<Models.Signals.SignalKind>().Select(kind => (int)kind), Numbers(ChunkReflection.Descriptor, "SignalKind"));
        Assert.Equal(Enum.GetValues<Models.Signals.SampleFormat>().Select(format => (int)format), Numbers(ChunkReflection.Descriptor, "SampleFormat"));
        Assert.Equal(Enum.GetValues<EstimateStatus>().Select(status => (int)status), Numbers(ResultReflection.Descriptor, "Status"));
        Assert.Equal(Enum.GetValues<Models.Metric>().Select(metric => (int)metric), Numbers(ResultReflection.Descriptor, "Metric").Where(number => number != 0));
        Assert.Equal(Enum.GetValues<Models.Signals.AlarmCommandKind>().Select(kind => (int)kind), Numbers(CommandReflection.Descriptor, "CommandKind").Where(number => number != 0));
        Assert.Equal(Enum.GetValues<Models.Alarms.AlarmKind>().Select(kind => (int)kind), Numbers(ResultReflection.Descriptor, "AlarmKind"));
        Assert.Equal(Enum.GetValues<Models.Alarms.AlarmState>().Select(state => (int)state), Numbers(ResultReflection.Descriptor, "AlarmState"));
        Assert.Equal(Enum.GetValues<Models.Alarms.AlarmAction>().Select(action => (int)action), Numbers(ResultReflection.Descriptor, "AlarmAction").Where(number => number != 0));
    }

    private static IEnumerable<int> Numbers(FileDescriptor file, string name) =>
        file.EnumTypes.Single(type => type.Name == name).Values.Select(value => value.Number);

    private static string Render()
    {
        var text = new StringBuilder();
        foreach (var file in new[] { ChunkReflection.Descriptor, ResultReflection.Descriptor, DeadLetterReflection.Descriptor, SnapshotReflection.Descriptor, CommandReflection.Descriptor })
        {
            foreach (var type in file.EnumTypes)
                foreach (var value in type.Values)
                    text.Append(type.FullName).Append(' ').Append(value.Number).Append(' ').Append(value.Name).Append('\n');
            foreach (var type in file.MessageTypes)
                foreach (var field in type.Fields.InDeclarationOrder())
                    text.Append(type.FullName).Append(' ').Append(field.FieldNumber).Append(' ').Append(field.Name).Append(' ').Append(TypeOf(field)).Append('\n');
        }
        return text.ToString();
    }

    private static string TypeOf(FieldDescriptor field) =>
        (field.IsRepeated ? "repeated " : field.HasPresence && field.FieldType != FieldType.Message ? "optional " : "") + field.FieldType switch
        {
            FieldType.Message => field.MessageType.FullName,
            FieldType.Enum => field.EnumType.FullName,
            var plain => plain.ToString(),
        };
}
