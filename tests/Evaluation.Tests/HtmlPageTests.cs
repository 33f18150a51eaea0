using AaClip.Evaluation.Report;
using AaClip.Reports;
using Fluid;

namespace AaClip.Evaluation.Tests;

public sealed class HtmlPageTests
{
    [Fact]
    public void A_template_that_is_not_embedded_is_named()
    {
        ArgumentException missing = Assert.Throws<ArgumentException>(() => new HtmlPage(typeof(HtmlReport), "evalution.liquid"));

        Assert.Contains("No 'evalution.liquid' is embedded beside AaClip.Evaluation.Report", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_that_the_model_lacks_throws_instead_of_leaving_a_gap()
    {
        HtmlPage page = new(typeof(HtmlReport), "evaluation.liquid");

        FluidException refused = Assert.Throws<FluidException>(() => page.Render("title", new { Model = "tiny@1" }));

        Assert.Contains("'Data'", refused.Message, StringComparison.Ordinal);
    }
}
