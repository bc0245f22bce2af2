using System.Text.Json.Nodes;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>Copies of the shipped package with one thing wrong: refused, with both sides named.</summary>
public sealed class ModelPackageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_file_than_the_manifest_names_is_refused_with_both_hashes()
    {
        var folder = Copy();
        var weights = Path.Combine(folder, ModelPackage.WeightsFile);
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);

        var fault = Assert.Throws<InvalidDataException>(() => ModelPackage.Load(folder)).Message;

        Assert.Matches("weights.safetensors has SHA-256 [0-9a-f]{64}; model.json says [0-9a-f]{64}", fault);
    }

    [Theory]
    [InlineData("format", "2", "has format 2; this program reads 1")]
    [InlineData("state_length", "7", "model.json says input 1190, state 7, output 86")]
    [InlineData("input_length", "7", "takes 7 floats and gives 86; 1190 and 86 are wanted")]
    [InlineData("task", "\"sleep\"", "is for the task 'sleep'; 'heart_rate' is wanted")]
    [InlineData("features", "\"wavelets\"", "takes the features 'wavelets'; this program makes 'rate-spectra-2'")]
    [InlineData("name", "\"\\u001b[31mred\"", "has a name that is refused")]
    [InlineData("name", "\"../../etc\"", "has a name that is refused")]
    [InlineData("name", "\"\"", "has a name that is refused")]
    [InlineData("version", "\"1\\n2\"", "has a version that is refused")]
    [InlineData("version", "\"..\"", "has a version that is refused")]
    [InlineData("version", "\"1/../2\"", "has a version that is refused")]
    [InlineData("card", "{\"data\": \"\\u001b]0;title\\u0007\"}", "has a control character, or nothing, in its card")]
    [InlineData("card", "{\"data\": null}", "has a control character, or nothing, in its card")]
    [InlineData("format", "\"1\"", "has format \"1\"; this program reads 1")]
    [InlineData("kinds", "7", "cannot be read")]
    [InlineData("surprise", "1", "cannot be read")]
    [InlineData("sha256", "null", "cannot be read")]
    public void A_manifest_that_does_not_fit_is_refused_with_both_sides_named(string key, string value, string message)
    {
        var folder = Copy();
        Change(folder, key, value);

        var fault = Assert.Throws<InvalidDataException>(() => new RateModel(ModelPackage.Load(folder)).Dispose()).Message;

        Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task")]
    [InlineData("format")]
    [InlineData("features")]
    public async Task No_escape_sequence_of_a_package_reaches_the_terminal(string key)
    {
        Change(Copy(), key, "\"\\u001b[31mred\"");

        var (_, output) = await RunAsync("models", "--models", _folder.Path);

        Assert.DoesNotContain('\u001b', output);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    public void A_manifest_that_is_no_object_is_refused(string json)
    {
        var folder = Copy();
        File.WriteAllText(Path.Combine(folder, ModelPackage.ManifestFile), json);

        Assert.Contains("is no object", Assert.Throws<InvalidDataException>(() => ModelPackage.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_are_listed_with_their_size_and_a_broken_one_is_one_line()
    {
        var folder = Copy();
        Change(folder, "format", "9");

        var (exit, output) = await RunAsync("models", "--models", _folder.Path);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("heart-rate@", output, StringComparison.Ordinal);
        Assert.Contains("parameters", output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n'), line => line.StartsWith("broken: ", StringComparison.Ordinal) && line.Contains("has format 9; this program reads 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everything_that_a_package_says_of_itself_is_in_the_list_and_in_its_json()
    {
        var (_, text) = await RunAsync("models");
        var (exit, json) = await RunAsync("models", "--json");

        Assert.Equal(ExitCode.Ok, exit);
        var all = JsonNode.Parse(json)!.AsArray();
        foreach (var model in all)
        {
            var manifest = model!["manifest"]!;
            Assert.Contains((string)model["model"]!, text, StringComparison.Ordinal);
            Assert.Contains($"{(int)manifest["parameters"]!} parameters, {(double)manifest["mflop"]!} MFLOP", text, StringComparison.Ordinal);
            Assert.Contains(((string)manifest["sha256"]![ModelPackage.NetworkFile]!)[..12], text, StringComparison.Ordinal);
            Assert.Contains((string)model["folder"]!, text, StringComparison.Ordinal);
        }
        Assert.Contains("heart-rate", all.Select(model => (string)model!["manifest"]!["name"]!));
        Assert.Contains("bami: 25 recordings (bami1_s01 … bami1_s25)", text, StringComparison.Ordinal);
        Assert.Contains("terms", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n').Where(line => !line.StartsWith("  folder", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 140));
    }

    [Fact]
    public async Task A_folder_of_models_that_is_not_there_is_said()
    {
        var (exit, output) = await RunAsync("models", "--models", "/nowhere");

        Assert.Equal((ExitCode.BadUsage, "--models /nowhere: there is no such folder.\n"), (exit, output));
    }

    private string Copy()
    {
        var source = Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), "heart-rate");
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "copy")).FullName;
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }

    private static void Change(string folder, string key, string value)
    {
        var path = Path.Combine(folder, ModelPackage.ManifestFile);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        manifest[key] = JsonNode.Parse(value);
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.InvokeAsync(arguments, output, output, CancellationToken.None);
        return (exit, output.ToString());
    }
}
