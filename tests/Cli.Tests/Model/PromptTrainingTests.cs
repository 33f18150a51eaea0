using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary><c>aaclip train --method crane</c> and <c>anomalyclip</c> on a very small model.</summary>
public sealed class PromptTrainingTests : IDisposable
{
    private static readonly string[] Small = ["--size", "56", "--vision-heads", "4", "--text-heads", "4"];

    private readonly ScratchFolder _folder = new();
    private readonly string _clip = Path.Combine(TinyPackage.RandomSources, "clip.safetensors");

    public PromptTrainingTests() => SpotImages.Draw(_folder.File("data"), pairs: 3);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("crane")]
    [InlineData("anomalyclip")]
    public void From_images_to_a_package_with_the_command_that_the_training_prints(string method)
    {
        Aaclip.Result trained = Train("out", method, "--epochs", "2", "--json");

        Assert.Equal(0, trained.Code);
        JsonElement report = JsonDocument.Parse(trained.Output).RootElement;
        Assert.Equal(_folder.File("out/epoch_2.pth"), report.GetProperty("checkpoint").GetString());
        Assert.Equal(2, report.GetProperty("epochs").GetArrayLength());
        Assert.Equal(3, report.GetProperty("anomalous").GetInt32());
        string[] import = report.GetProperty("import").GetString()!.Split(' ')[1..]; // not null: the line above
        Aaclip.Result imported = Aaclip.Run([.. import[..^1], _folder.File("model")]);
        Assert.True(imported.Code == 0, imported.Error);
        Assert.Contains(method, imported.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_keeps_the_epochs_and_the_training_resumes()
    {
        using Process running = Aaclip.Start(Arguments("out", "crane", "--epochs", "100000"));
        string begun = "";
        while (
            !begun.Contains("prompts stage, epoch 2 of 100000: mean loss", StringComparison.Ordinal)
            && running.StandardOutput.ReadLine() is { } line
        )
            begun += line + "\n";
        Aaclip.Interrupt(running);
        Aaclip.Result stopped = Aaclip.Finish(running);

        Aaclip.Result again = Train("out", "crane", "--epochs", "3");
        int done = Directory.GetFiles(_folder.File("out"), "epoch_*.pth").Length;
        string more = (done + 1).ToString(CultureInfo.InvariantCulture);
        Aaclip.Result resumed = Train("out", "crane", "--epochs", more, "--resume");

        Assert.Equal(130, stopped.Code);
        Assert.Contains("features of 6 images", begun, StringComparison.Ordinal);
        Assert.Equal(1, again.Code);
        Assert.Contains("--resume", again.Error, StringComparison.Ordinal);
        Assert.Contains($"prompts stage, epoch {more} of {more}", resumed.Output, StringComparison.Ordinal);
        Assert.Contains($"--checkpoint {_folder.File("out")}/epoch_{more}.pth --size 56", resumed.Output, StringComparison.Ordinal);
        Assert.Contains("Image features:", resumed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anovl", "has no learned prompts to train: take crane or anomalyclip")]
    [InlineData("winclip", "There is no method 'winclip'")]
    public void Methods_without_prompts_are_refused(string method, string expected)
    {
        Aaclip.Result refused = Train("out", method);

        Assert.Equal(1, refused.Code);
        Assert.Contains(expected, refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    private Aaclip.Result Train(string output, string method, params string[] more) => Aaclip.Run(Arguments(output, method, more));

    private string[] Arguments(string output, string method, params string[] more) =>
        [
            "train",
            "--method",
            method,
            "--clip",
            _clip,
            .. Small,
            "--provider",
            "cpu",
            "--data",
            _folder.File("data"),
            "--out",
            _folder.File(output),
            .. more,
        ];
}
