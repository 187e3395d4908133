package io.sparkmoe.notebooks;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.rapaio.jupyter.kernel.display.DisplayData;
import org.rapaio.jupyter.kernel.display.DisplayRenderer;
import org.rapaio.jupyter.kernel.display.DisplayTransformer;
import org.rapaio.jupyter.kernel.display.spi.DisplayProvider;

/** Shows a DataFrame that ends a cell as a table; found by the kernel through ServiceLoader. */
public final class DataFrameDisplay implements DisplayProvider {

    @Override
    public List<DisplayRenderer> getDisplayRenderers() {
        return List.of(new TableRenderer());
    }

    @Override
    public List<DisplayTransformer> getDisplayTransformers() {
        return List.of();
    }

    private static final class TableRenderer implements DisplayRenderer {

        @Override
        public Class<?> rendererClass() {
            return Dataset.class;
        }

        @Override
        public boolean canRender(String mime) {
            return true;
        }

        @Override
        public DisplayData render(String mime, Object value) {
            Dataset<?> frame = (Dataset<?>) value;
            DisplayData data = DisplayData.fromHtml(HtmlTable.of(frame.toDF()));
            data.putText(frame.toString());
            return data;
        }
    }
}
